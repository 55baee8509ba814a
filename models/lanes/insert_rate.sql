-- The wanted rates of a lane into the card. Grain: one row per SKU and charge month of lane_wanted.
-- Parameters: model, factor_set. Reads: the lane's rate, lane_wanted, core.sku_class, core.site_factor.
-- Every wanted row comes out once: what the lane does not judge is out of scope where its class says so, else unmodelled.
-- The tools publish no ranges: low and high stay null.
insert into core.rate by name
select
    $model as model,
    $factor_set as factor_set,
    w.sku_id,
    w.charge_month,
    coalesce(r.rule_id, c.rule_id) as rule_id,
    case
        when r.sku_id is not null then r.disposition
        when c.disposition = 'out_of_scope' then 'out_of_scope'
        else 'unmodelled'
    end as disposition,
    case
        when r.sku_id is not null then r.gap_reason
        when c.disposition = 'out_of_scope' then c.gap_reason
        else concat($model, ' gives no figure for it')
    end as gap_reason,
    r.usage_state,
    r.resource_kind,
    r.method,
    case when r.disposition = 'estimated' then
        coalesce(
            r.quality,
            case when r.compute_it_energy_kwh + r.accelerator_it_energy_kwh + r.memory_it_energy_kwh = 0e0 then 4 else 3 end
        )
    end as quality,
    r.compute_it_energy_kwh,
    r.accelerator_it_energy_kwh,
    r.memory_it_energy_kwh,
    r.storage_it_energy_kwh,
    r.network_it_energy_kwh,
    r.it_energy_kwh,
    r.pue,
    r.energy_kwh,
    r.grid_g_co2e_per_kwh,
    r.grid_boundary,
    r.location_based_kg_co2e,
    case when r.disposition = 'estimated' and r.location_based_kg_co2e is null then
        coalesce(
            case when f.grid_g_co2e_per_kwh is null then f.gap_reason end,
            concat($model, ' has no grid factor for region ', coalesce(nullif(w.region_id, ''), '(none named)'))
        )
    end as location_based_gap_reason,
    case when r.disposition = 'estimated' then concat($model, ' gives no market-based figure') end as market_based_gap_reason,
    r.embodied_kg_co2e,
    r.water_onsite_l,
    r.water_offsite_l,
    r.water_l,
    case when r.disposition = 'estimated' and r.water_l is null then
        case
            when coalesce(r.water_onsite_l, r.water_offsite_l) is null then concat($model, ' gives no water')
            else coalesce(f.water_gap_reason, concat($model, ' lacks a part of the water'))
        end
    end as water_gap_reason
from lane_wanted as w
inner join core.sku_class as c on c.sku_id = w.sku_id
left join /* rate */ as r on r.sku_id = w.sku_id and r.charge_month = w.charge_month
left join core.site_factor as f
    on f.factor_set = $factor_set
    and f.provider = w.provider
    and f.region_id = w.region_id
    and f.charge_month = w.charge_month
order by w.sku_id, w.charge_month
