-- Energy at the meter is IT energy times PUE (at least 1), and its emissions are energy times grid intensity.
select sku_id, charge_month, model, it_energy_kwh, pue, energy_kwh, grid_g_co2e_per_kwh, location_based_kg_co2e
from core.rate
where
    it_energy_kwh is not null
    and not coalesce(
        pue >= 1e0
        and abs(it_energy_kwh * pue - energy_kwh) <= 1e-9 * energy_kwh
        and abs(energy_kwh * grid_g_co2e_per_kwh / 1000e0 - location_based_kg_co2e) <= 1e-9 * location_based_kg_co2e,
        false
    )
order by all
