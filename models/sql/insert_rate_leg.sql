-- How far each uncertain number alone moves what the wanted rates rest on, and with what it shares its error.
-- Grain: model x factor set x basis x figure x leg that moves it. What the card has already stays.
-- Reads: wanted, core.rate, machine_moved, machine_input, coefficient_rate, factors.uncertainty.
insert into core.rate_leg
with used as (
    select distinct r.model, r.factor_set, r.basis
    from wanted as w
    inner join core.rate as r
        on r.model = w.model and r.factor_set = w.factor_set and r.sku_id = w.sku_id and r.charge_month = w.charge_month
    where r.basis is not null
),

machine as (
    select basis, 'it_energy' as figure, leg, min(it_ratio) as low, max(it_ratio) as high
    from machine_moved
    where leg <> 'central' and it_ratio is not null
    group by basis, leg
    union all
    select basis, 'embodied', leg, min(embodied_ratio), max(embodied_ratio)
    from machine_moved
    where leg <> 'central' and embodied_ratio is not null
    group by basis, leg
),

coefficient as (
    select basis, 'coefficient' as leg, coefficient_key as key, coefficient_low / coefficient as low, coefficient_high / coefficient as high
    from coefficient_rate
    union all
    select basis, 'share', share_key, share_low / share, share_high / share from coefficient_rate
    union all
    select basis, 'overhead', overhead_key, overhead_low / overhead, overhead_high / overhead from coefficient_rate
    union all
    select basis, 'copies', replication_key, copies_low / copies, copies_high / copies from coefficient_rate
),

moved as (
    select m.basis, m.figure, m.leg, m.low, m.high, i.microarch, i.accelerator, null as key
    from machine as m
    inner join machine_input as i on i.basis = m.basis
    union all
    select c.basis, 'it_energy', c.leg, c.low, c.high, null, null, c.key
    from coefficient as c
    where c.low is not null and c.high is not null
)

select
    u.model,
    u.factor_set,
    m.basis,
    m.figure,
    m.leg,
    case coalesce(k.scope, e.scope, 'all') -- a set without this table: one error for all, the widest
        when 'cpu_family' then concat(m.leg, '/', m.microarch)
        when 'accelerator' then concat(m.leg, '/', m.accelerator)
        when 'coefficient' then concat(m.leg, '/', m.key)
        else m.leg
    end as leg_group,
    coalesce(k.scope, e.scope, 'all') as scope,
    coalesce(k.distribution, e.distribution, 'lognormal') as distribution,
    case when m.low > 0e0 then ln(least(m.low, 1e0)) end as log_down,
    ln(greatest(m.high, 1e0)) as log_up
from used as u
inner join moved as m on m.basis = u.basis
left join factors.uncertainty as k on k.leg = m.leg and k.kind = split_part(m.key, '.', 1)
left join factors.uncertainty as e on e.leg = m.leg and e.kind = '*'
where m.low < 1e0 or m.high > 1e0
order by m.basis, m.figure, m.leg
on conflict do nothing
