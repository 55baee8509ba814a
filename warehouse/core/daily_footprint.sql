-- The daily rows with their place, what became of them, and their figures at the rate in force: what every sum over days reads.
-- Grain: as core.usage_daily, every row once. A row without a rate, or without a quantity to take one by, has no figures.
select
    d.unit_id,
    d.usage_date,
    d.charge_month,
    d.billing_month,
    coalesce(d.usage_date, d.billing_month) as period_date, -- what a report's since and until go by
    d.billing_account_id,
    d.sub_account_id,
    d.tag_set_id,
    d.billing_currency,
    d.sku_id,
    s.provider,
    s.service_name,
    s.service_code,
    s.region_id,
    d.lines,
    d.consumed_quantity,
    d.billed_cost,
    d.effective_cost,
    r.sku_id is not null as is_rated,
    coalesce(r.disposition, 'unmodelled') as disposition,
    r.gap_reason,
    r.usage_state,
    r.resource_kind,
    r.method,
    r.quality,
    r.factor_set,
    r.factor_resolution,
    r.basis,
    d.consumed_quantity * r.physical_per_unit as physical_quantity,
    r.energy_kwh as energy_kwh_per_unit,
    /* figures of d */,
    least(d.consumed_quantity * r.water_onsite_l_low, d.consumed_quantity * r.water_onsite_l_high) as water_onsite_l_low,
    greatest(d.consumed_quantity * r.water_onsite_l_low, d.consumed_quantity * r.water_onsite_l_high) as water_onsite_l_high,
    least(d.consumed_quantity * r.water_offsite_l_low, d.consumed_quantity * r.water_offsite_l_high) as water_offsite_l_low,
    greatest(d.consumed_quantity * r.water_offsite_l_low, d.consumed_quantity * r.water_offsite_l_high) as water_offsite_l_high,
    r.location_based_gap_reason,
    r.market_based_gap_reason
from core.usage_daily as d
inner join core.sku as s on s.sku_id = d.sku_id
left join core.rate_in_force as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and (d.consumed_quantity is not null or r.it_energy_kwh is null)
