-- The watts that the page gives the accelerators of each machine, per hour of it. Grain: basis, as machine_input; those with any.
-- Reads: machine_input, factors.accelerator_power, mlco2_board. A board that the page lacks takes the TDP of the factor set.
select
    m.basis,
    m.accelerator,
    m.accelerators,
    m.usage_state,
    coalesce(b.tdp_w, a.tdp_w) as tdp_w,
    b.page_name,
    b.known_error
from machine_input as m
left join factors.accelerator_power as a on a.accelerator = m.accelerator
left join mlco2_board as b
    on b.accelerator = m.accelerator
    and (
        b.hardware = m.hardware
        or (b.hardware is null and not exists (select 1 from mlco2_board as o where o.accelerator = m.accelerator and o.hardware = m.hardware))
    )
where m.accelerators > 0e0
