-- What one restatement changed. Grain: cause x charge month. Parameter: recorded_at. Only of groups whose figures differ.
select
    cause,
    charge_month,
    sum(lines_to)::bigint as lines,
    sum(energy_kwh_from::decimal(38, 15))::double as energy_kwh_from,
    sum(energy_kwh_to::decimal(38, 15))::double as energy_kwh_to,
    sum(location_based_kg_co2e_from::decimal(38, 15))::double as location_based_kg_co2e_from,
    sum(location_based_kg_co2e_to::decimal(38, 15))::double as location_based_kg_co2e_to,
    sum(market_based_kg_co2e_from::decimal(38, 15))::double as market_based_kg_co2e_from,
    sum(market_based_kg_co2e_to::decimal(38, 15))::double as market_based_kg_co2e_to
from ledger.restatements
where recorded_at = $recorded_at
group by cause, charge_month
order by cause, charge_month
