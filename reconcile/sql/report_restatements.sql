-- What changed between loads. Grain: change x source x month x currency. Parameters: since, until (charge months).
select
    recorded_at,
    cause,
    source,
    charge_month,
    sum(lines_from)::bigint as lines_from,
    sum(lines_to)::bigint as lines_to,
    sum(billed_cost_from)::decimal(38, 12) as billed_cost_from,
    sum(billed_cost_to)::decimal(38, 12) as billed_cost_to,
    billing_currency,
    sum(energy_kwh_from::decimal(38, 15))::double as energy_kwh_from,
    sum(energy_kwh_to::decimal(38, 15))::double as energy_kwh_to,
    sum(location_based_kg_co2e_from::decimal(38, 15))::double as location_based_kg_co2e_from,
    sum(location_based_kg_co2e_to::decimal(38, 15))::double as location_based_kg_co2e_to
from ledger.restatements
where
    coalesce(charge_month >= date_trunc('month', $since::date), true)
    and coalesce(charge_month < $until::date, true)
group by all
order by recorded_at, cause, source, charge_month, billing_currency
