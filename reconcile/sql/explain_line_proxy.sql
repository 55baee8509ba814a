-- What the spend proxy says of a line. Grain: one row, none where a model covers the line or the switch is off. Parameter: line.
select
    proxy_gap_reason, effective_cost, estimated_effective_cost, estimated_energy_kwh, estimated_location_based_kg_co2e,
    energy_kwh, location_based_kg_co2e, provider, charge_month
from ledger.footprint_proxy
where line_id = $line
