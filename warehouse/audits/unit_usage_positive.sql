-- No rate of the unit is negative, NaN or infinite, so that energy has the sign of its quantity.
select r.sku_id, r.charge_month, r.it_energy_kwh, r.energy_kwh, r.location_based_kg_co2e, r.embodied_kg_co2e
from core.rate as r
where
    (r.sku_id, r.charge_month) in (select (sku_id, charge_month) from core.usage_daily where unit_id = $unit_id)
    and not (
        coalesce(isfinite(coalesce(r.it_energy_kwh_high, r.it_energy_kwh)) and r.it_energy_kwh >= 0e0, r.it_energy_kwh is null)
        and coalesce(isfinite(coalesce(r.energy_kwh_high, r.energy_kwh)) and r.energy_kwh >= 0e0, r.energy_kwh is null)
        and coalesce(
            isfinite(coalesce(r.location_based_kg_co2e_high, r.location_based_kg_co2e)) and r.location_based_kg_co2e >= 0e0,
            r.location_based_kg_co2e is null
        )
        and coalesce(
            isfinite(coalesce(r.embodied_kg_co2e_high, r.embodied_kg_co2e)) and r.embodied_kg_co2e >= 0e0,
            r.embodied_kg_co2e is null
        )
    )
order by all
