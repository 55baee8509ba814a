-- What the wanted rates rest on: every number of a machine or a coefficient, and the factor rows they come from.
-- Grain: model x factor set x basis. Reads: wanted, core.rate, machine_input, coefficient_rate. What the card has already stays.
insert into core.rate_input
with used as (
    select distinct r.model, r.factor_set, r.basis
    from wanted as w
    inner join core.rate as r
        on r.model = w.model and r.factor_set = w.factor_set and r.sku_id = w.sku_id and r.charge_month = w.charge_month
    where r.basis is not null
),

machine as (
    select
        m.basis,
        to_json(m) as inputs,
        [
            m.instance_ref, m.cpu_ref, m.accelerator_ref, m.node_ref, m.f10_ref, m.f50_ref, m.utilization_ref,
            m.accelerator_utilization_ref, m.memory_idle_ref, m.memory_full_ref, m.host_overhead_ref, m.server_base_ref,
            m.extra_socket_ref, m.dram_ref, m.ssd_ref, m.lifetime_ref
        ] as refs
    from machine_input as m
),

coefficient as (
    select k.basis, to_json(k) as inputs, [k.coefficient_ref, k.share_ref, k.overhead_ref, k.copies_ref] as refs
    from coefficient_rate as k
)

select
    u.model,
    u.factor_set,
    u.basis,
    coalesce(m.inputs, k.inputs),
    list_filter(coalesce(m.refs, k.refs), lambda ref: ref is not null)
from used as u
left join machine as m on m.basis = u.basis
left join coefficient as k on k.basis = u.basis
order by u.basis
on conflict do nothing
