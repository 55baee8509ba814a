-- One bill line with its figures. Grain: one row or none. Parameter: line.
select
    l.line_id, l.provider_line_id, l.provider, l.billing_account_id, l.sub_account_id, l.service_name, l.region_id,
    l.sku_meter, l.operation, l.instance_type, l.resource_id, l.line_type, l.charge_period_start, l.charge_period_end,
    l.billing_month, l.consumed_quantity, l.consumed_unit, l.billed_cost, l.effective_cost, l.billing_currency,
    u.source, u.scope,
    l.disposition, l.gap_reason, l.usage_state, l.method, l.quality, l.factor_resolution, l.model, l.factor_set,
    l.it_energy_kwh, l.it_energy_kwh_low, l.it_energy_kwh_high, l.energy_kwh, l.energy_kwh_low, l.energy_kwh_high,
    l.location_based_kg_co2e, l.location_based_kg_co2e_low, l.location_based_kg_co2e_high,
    l.market_based_kg_co2e, l.market_based_kg_co2e_low, l.market_based_kg_co2e_high,
    l.td_loss_kg_co2e, l.td_loss_kg_co2e_low, l.td_loss_kg_co2e_high,
    l.embodied_kg_co2e, l.embodied_kg_co2e_low, l.embodied_kg_co2e_high,
    l.water_l, l.water_l_low, l.water_l_high,
    l.location_based_gap_reason, l.market_based_gap_reason, l.water_gap_reason,
    l.sku_id,
    date_trunc('month', l.charge_period_start)::date as charge_month
from ledger.lines as l
left join core.unit as u on u.unit_id = l.unit_id
where l.line_id = $line
