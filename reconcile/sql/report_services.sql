-- Energy, emissions and cost by the columns asked for, and their total. Grain: one row per group, then the total.
-- Parameters: since, until. The placeholders are filled from a fixed list of columns (reconcile/report.py).
-- Energy and emissions are those of lines in use; the ends are summed as fully correlated. Every sum is exact.
with priced as (
    select
        /* dimensions */,
        d.lines,
        d.effective_cost,
        case when d.effective_cost is not null then coalesce(d.billing_currency, '') end as cost_currency, -- no cost, no currency
        case when r.usage_state = 'used' then d.consumed_quantity end as used_quantity,
        case when r.usage_state = 'reserved_idle' then d.consumed_quantity * r.energy_kwh end as idle_energy_kwh,
        r.energy_kwh, r.energy_kwh_low, r.energy_kwh_high,
        r.location_based_kg_co2e, r.location_based_kg_co2e_low, r.location_based_kg_co2e_high,
        r.embodied_kg_co2e
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    left join core.tag_set as t on t.tag_set_id = d.tag_set_id
    /* owners */
    left join core.rate_in_force as r
        on r.sku_id = d.sku_id
        and r.charge_month = d.charge_month
        and (d.consumed_quantity is not null or r.it_energy_kwh is null)
    where
        coalesce(coalesce(d.usage_date, d.billing_month) >= $since::date, true)
        and coalesce(coalesce(d.usage_date, d.billing_month) < $until::date, true)
)

select
    /* keys */,
    sum(lines)::bigint as lines,
    sum((used_quantity * energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum(least(used_quantity * energy_kwh_low, used_quantity * energy_kwh_high)::decimal(38, 15))::double as energy_kwh_low,
    sum(greatest(used_quantity * energy_kwh_low, used_quantity * energy_kwh_high)::decimal(38, 15))::double as energy_kwh_high,
    sum((used_quantity * location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum(least(used_quantity * location_based_kg_co2e_low, used_quantity * location_based_kg_co2e_high)::decimal(38, 15))::double
        as location_based_kg_co2e_low,
    sum(greatest(used_quantity * location_based_kg_co2e_low, used_quantity * location_based_kg_co2e_high)::decimal(38, 15))::double
        as location_based_kg_co2e_high,
    sum((used_quantity * embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
    case when count(distinct cost_currency) = 1 then sum(effective_cost)::decimal(38, 12) end as effective_cost,
    case when count(distinct cost_currency) = 1 then nullif(max(cost_currency), '') end as billing_currency,
    sum(idle_energy_kwh::decimal(38, 15))::double as reserved_idle_energy_kwh,
    sum((used_quantity * energy_kwh)::decimal(38, 15)) filter (location_based_kg_co2e is null)::double as energy_without_grid_kwh,
    grouping(/* first key */) as is_total
from priced
group by grouping sets ((/* keys */), ())
having count(*) > 0
order by is_total, /* order */ location_based_kg_co2e desc nulls last, effective_cost desc nulls last, /* keys */
