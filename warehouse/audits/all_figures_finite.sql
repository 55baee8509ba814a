-- No figure is NaN or infinite.
select line_id, it_energy_kwh, energy_kwh, location_based_kg_co2e, embodied_kg_co2e
from ledger.footprint
where
    not isfinite(it_energy_kwh) or not isfinite(it_energy_kwh_low) or not isfinite(it_energy_kwh_high)
    or not isfinite(energy_kwh) or not isfinite(location_based_kg_co2e) or not isfinite(embodied_kg_co2e)
order by line_id
