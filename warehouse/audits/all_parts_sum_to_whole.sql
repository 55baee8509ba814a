-- The parts of the energy sum to the whole; what has no whole has no part.
select
    sku_id, charge_month, model, it_energy_kwh,
    compute_it_energy_kwh, accelerator_it_energy_kwh, memory_it_energy_kwh, storage_it_energy_kwh, network_it_energy_kwh
from core.rate
where
    case
        when it_energy_kwh is null then
            coalesce(
                compute_it_energy_kwh, accelerator_it_energy_kwh, memory_it_energy_kwh, storage_it_energy_kwh,
                network_it_energy_kwh
            ) is not null
        else
            coalesce(
                abs(
                    compute_it_energy_kwh + accelerator_it_energy_kwh + memory_it_energy_kwh + storage_it_energy_kwh
                    + network_it_energy_kwh - it_energy_kwh
                ) > 1e-9 * abs(it_energy_kwh),
                true
            )
    end
order by all
