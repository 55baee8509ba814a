-- Energy, emissions and cost by the columns asked for, and their total. Grain: one row per group, then the total.
-- Parameters: since, until. The placeholders are filled from a fixed list of columns (reconcile/report.py).
-- Energy and emissions are those of lines in use; the ends are summed as fully correlated. Every sum is exact.
with chosen as (
    select
        /* dimensions */,
        d.*,
        coalesce(d.usage_state = 'used', false) as is_used,
        case when d.effective_cost is not null then coalesce(d.billing_currency, '') end as cost_currency -- no cost, no currency
    from core.daily_footprint as d
    left join core.tag_set as t on t.tag_set_id = d.tag_set_id
    /* owners */
    where coalesce(d.period_date >= $since::date, true) and coalesce(d.period_date < $until::date, true)
)

select
    /* keys */,
    sum(lines)::bigint as lines,
    sum(energy_kwh::decimal(38, 15)) filter (is_used)::double as energy_kwh,
    sum(energy_kwh_low::decimal(38, 15)) filter (is_used)::double as energy_kwh_low,
    sum(energy_kwh_high::decimal(38, 15)) filter (is_used)::double as energy_kwh_high,
    sum(location_based_kg_co2e::decimal(38, 15)) filter (is_used)::double as location_based_kg_co2e,
    sum(location_based_kg_co2e_low::decimal(38, 15)) filter (is_used)::double as location_based_kg_co2e_low,
    sum(location_based_kg_co2e_high::decimal(38, 15)) filter (is_used)::double as location_based_kg_co2e_high,
    sum(embodied_kg_co2e::decimal(38, 15)) filter (is_used)::double as embodied_kg_co2e,
    case when count(distinct cost_currency) = 1 then sum(effective_cost)::decimal(38, 12) end as effective_cost,
    case when count(distinct cost_currency) = 1 then nullif(max(cost_currency), '') end as billing_currency,
    sum(energy_kwh::decimal(38, 15)) filter (usage_state = 'reserved_idle')::double as reserved_idle_energy_kwh,
    sum(energy_kwh::decimal(38, 15)) filter (is_used and location_based_kg_co2e is null)::double as energy_without_grid_kwh,
    grouping(/* first key */) as is_total
from chosen
group by grouping sets ((/* keys */), ())
having count(*) > 0
order by is_total, /* order */ location_based_kg_co2e desc nulls last, effective_cost desc nulls last, /* keys */
