-- Energy at the meter is IT energy times PUE (at least 1), its emissions are energy times grid intensity, water the sum of its parts.
-- Only where a factor is missing are emissions or water. A lane may multiply its emissions further, by its uplift.
select
    r.sku_id, r.charge_month, r.model, r.it_energy_kwh, r.pue, r.energy_kwh, r.grid_g_co2e_per_kwh, r.location_based_kg_co2e, r.water_l
from core.rate as r
left join core.lane_input as i
    on i.model = r.model and i.factor_set = r.factor_set and i.sku_id = r.sku_id and i.charge_month = r.charge_month
where
    r.it_energy_kwh is not null
    and not coalesce(
        r.pue >= 1e0
        and abs(r.it_energy_kwh * r.pue - r.energy_kwh) <= 1e-9 * r.energy_kwh
        and coalesce(
            abs(r.energy_kwh * r.grid_g_co2e_per_kwh / 1000e0 * coalesce(i.uplift, 1e0) - r.location_based_kg_co2e)
            <= 1e-9 * r.location_based_kg_co2e,
            r.grid_g_co2e_per_kwh is null and r.location_based_kg_co2e is null
        )
        and coalesce(
            abs(r.water_onsite_l + r.water_offsite_l - r.water_l) <= 1e-9 * r.water_l,
            r.water_l is null and (r.water_onsite_l is null or r.water_offsite_l is null)
        ),
        false
    )
order by all
