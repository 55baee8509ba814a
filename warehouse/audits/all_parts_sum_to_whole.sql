-- The parts of the energy sum to the whole, and low <= central <= high per unit of quantity.
select sku_id, charge_month, it_energy_kwh
from core.rate
where
    it_energy_kwh is not null
    and (
        abs(
            compute_it_energy_kwh + accelerator_it_energy_kwh + memory_it_energy_kwh
            + storage_it_energy_kwh + network_it_energy_kwh - it_energy_kwh
        ) > 1e-9 * abs(it_energy_kwh)
        or it_energy_kwh_low > it_energy_kwh
        or it_energy_kwh > it_energy_kwh_high
        or energy_kwh < it_energy_kwh
        or location_based_kg_co2e_low > location_based_kg_co2e
        or location_based_kg_co2e > location_based_kg_co2e_high
    )
order by all
