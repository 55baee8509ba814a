-- IT energy and embodied carbon of one hour of each machine, and how far each uncertain number moves them.
-- Grain: basis, as machine_input. Reads: machine_moved. Energy in kWh, embodied in kg CO2e.
-- `..._down` and `..._up` are sums of squared log ratios: one number at its end at a time over the central result.
-- A null `down` means that the low end is zero.
select
    basis,
    compute_kwh,
    memory_kwh,
    accelerator_kwh,
    it_energy_kwh,
    embodied_kg_co2e,
    case when min(it_ratio) > 0e0 then
        cast(sum(cast(power(ln(least(greatest(it_ratio, 1e-300), 1e0)), 2) as decimal(38, 15))) as double)
    end as it_down,
    -- a part that draws nothing of its own has no ratio: it is 0 at every end
    coalesce(cast(sum(cast(power(ln(greatest(it_ratio, 1e0)), 2) as decimal(38, 15))) as double), 0e0) as it_up,
    case when min(embodied_ratio) > 0e0 then
        cast(sum(cast(power(ln(least(greatest(embodied_ratio, 1e-300), 1e0)), 2) as decimal(38, 15))) as double)
    end as embodied_down,
    coalesce(cast(sum(cast(power(ln(greatest(embodied_ratio, 1e0)), 2) as decimal(38, 15))) as double), 0e0) as embodied_up
from machine_moved
group by basis, compute_kwh, memory_kwh, accelerator_kwh, it_energy_kwh, embodied_kg_co2e
