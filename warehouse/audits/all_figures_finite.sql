-- No figure is NaN or infinite.
select line_id, it_energy_kwh, energy_kwh, location_based_kg_co2e, embodied_kg_co2e
from ledger.footprint
where
    not isfinite(compute_it_energy_kwh) or not isfinite(accelerator_it_energy_kwh) or not isfinite(memory_it_energy_kwh)
    or not isfinite(storage_it_energy_kwh) or not isfinite(network_it_energy_kwh)
    or not isfinite(it_energy_kwh) or not isfinite(it_energy_kwh_low) or not isfinite(it_energy_kwh_high)
    or not isfinite(energy_kwh) or not isfinite(energy_kwh_low) or not isfinite(energy_kwh_high)
    or not isfinite(location_based_kg_co2e) or not isfinite(location_based_kg_co2e_low)
    or not isfinite(location_based_kg_co2e_high) or not isfinite(market_based_kg_co2e)
    or not isfinite(market_based_kg_co2e_low) or not isfinite(market_based_kg_co2e_high)
    or not isfinite(td_loss_kg_co2e) or not isfinite(td_loss_kg_co2e_low) or not isfinite(td_loss_kg_co2e_high)
    or not isfinite(embodied_kg_co2e) or not isfinite(embodied_kg_co2e_low) or not isfinite(embodied_kg_co2e_high)
    or not isfinite(water_onsite_l) or not isfinite(water_offsite_l)
    or not isfinite(water_l) or not isfinite(water_l_low) or not isfinite(water_l_high)
order by line_id
