-- Energy at the meter is IT energy times PUE (at least 1), its emissions are energy times grid intensity, water the sum of its parts.
-- Only where a factor is missing are emissions or water.
select sku_id, charge_month, model, it_energy_kwh, pue, energy_kwh, grid_g_co2e_per_kwh, location_based_kg_co2e, water_l
from core.rate
where
    it_energy_kwh is not null
    and not coalesce(
        pue >= 1e0
        and abs(it_energy_kwh * pue - energy_kwh) <= 1e-9 * energy_kwh
        and coalesce(
            abs(energy_kwh * grid_g_co2e_per_kwh / 1000e0 - location_based_kg_co2e) <= 1e-9 * location_based_kg_co2e,
            grid_g_co2e_per_kwh is null and location_based_kg_co2e is null
        )
        and coalesce(
            abs(water_onsite_l + water_offsite_l - water_l) <= 1e-9 * water_l,
            water_l is null and (water_onsite_l is null or water_offsite_l is null)
        ),
        false
    )
order by all
