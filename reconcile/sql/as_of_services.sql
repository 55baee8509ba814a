-- Energy, emissions and cost as they were known at a moment, by the columns asked for, and their total. Grain: one row per
-- group, then the total. Parameters: moment, since, until (charge months). Reads: ledger.history. Placeholders as in report_services.
with known as (
    select /* dimensions */, h.*
    from ledger.history as h
    where
        h.recorded_from <= $moment::timestamp
        and coalesce($moment::timestamp < h.recorded_to, true)
        and h.lines > 0
        and coalesce(h.charge_month >= date_trunc('month', $since::date), true)
        and coalesce(h.charge_month < $until::date, true)
)

select
    /* keys */,
    sum(lines)::bigint as lines,
    sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
    sum(energy_kwh_low::decimal(38, 15))::double as energy_kwh_low,
    sum(energy_kwh_high::decimal(38, 15))::double as energy_kwh_high,
    sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
    sum(location_based_kg_co2e_low::decimal(38, 15))::double as location_based_kg_co2e_low,
    sum(location_based_kg_co2e_high::decimal(38, 15))::double as location_based_kg_co2e_high,
    sum(market_based_kg_co2e::decimal(38, 15))::double as market_based_kg_co2e,
    sum(embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e,
    case when count(distinct billing_currency) = 1 then sum(effective_cost)::decimal(38, 12) end as effective_cost,
    case when count(distinct billing_currency) = 1 then max(billing_currency) end as billing_currency,
    grouping(/* first key */) as is_total
from known
group by grouping sets ((/* keys */), ())
having count(*) > 0
order by is_total, location_based_kg_co2e desc nulls last, effective_cost desc nulls last, /* keys */
