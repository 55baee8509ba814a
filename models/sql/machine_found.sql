-- The machine behind each hardware name that the wanted SKUs rest on. Of three rungs the first that holds:
-- type: the name itself; family: its family's largest size, scaled; class: vCPUs of no known family.
-- Grain: basis, which names provider, method, usage_state and hardware. Reads: wanted, core.sku, core.sku_class,
-- core.machine, factors.accelerator_power. A name without a machine keeps its row and nulls.
with machine as (
    select
        factor_id, provider, instance_type, vcpu, memory_gib, vcpu_is, microarch, host_vcpu, host_memory_gib, host_sockets,
        accelerator, accelerator_count, local_ssd_gb
    from core.machine
),

asked as (
    select distinct c.basis, s.provider, c.method, c.usage_state, c.hardware
    from wanted as w
    inner join core.sku_class as c on c.sku_id = w.sku_id
    inner join core.sku as s on s.sku_id = w.sku_id
    where c.method not in ('coefficient')
),

named as ( -- types, and the names that are asked for, in one spelling; `*` names no provider
    select provider, lower(instance_type) as name, instance_type from machine where provider <> 'azure'
    union all
    select provider, replace(lower(instance_type), 'standard_', '') as name, instance_type
    from machine where provider = 'azure'
    union all
    select distinct provider, hardware as name, null as instance_type from asked
),

read as ( -- what a name says: its family, how large it is (step, in vCPU or in units of a large's half), its memory
    select
        n.provider,
        n.name,
        n.instance_type,
        case n.provider
            when 'azure' then concat(
                regexp_extract(n.name, '^([a-z]+)[0-9]+', 1), regexp_extract(n.name, '^[a-z]+[0-9]+(?:-[0-9]+)?([a-z]*(?:_.*)?)$', 1)
            )
            when 'gcp' then case when starts_with(n.name, 'custom-') then 'n1' else split_part(n.name, '-', 1) end
            else split_part(n.name, '.', 1)
        end as family,
        case n.provider
            when 'azure' then try_cast(regexp_extract(n.name, '^[a-z]+([0-9]+)', 1) as double)
            when 'gcp' then try_cast(
                coalesce(
                    nullif(regexp_extract(n.name, 'custom-([0-9]+)-[0-9]+', 1), ''),
                    regexp_extract(n.name, '^[a-z0-9]+-[a-z]+-([0-9]+)(?:-[a-z]+)?$', 1)
                ) as double
            )
            else case split_part(n.name, '.', 2)
                when 'medium' then 1e0
                when 'large' then 2e0
                when 'xlarge' then 4e0
                else 4e0 * try_cast(replace(split_part(n.name, '.', 2), 'xlarge', '') as double)
            end
        end as step,
        case when n.provider = 'gcp'
            then try_cast(regexp_extract(n.name, 'custom-[0-9]+-([0-9]+)', 1) as double) / 1024e0
        end as stated_memory_gib
    from named as n
),

ranked as ( -- the largest member of a family stands for it; of Google's the standard shape
    select
        r.provider, r.family, r.step, i.instance_type, i.vcpu, i.host_vcpu, i.accelerator_count,
        row_number() over (
            partition by r.provider, r.family
            order by
                case when r.step is null then 1 else 0 end,
                case when r.provider = 'gcp' and not contains(r.name, '-standard-') then 1 else 0 end,
                i.vcpu desc,
                i.instance_type
        ) as place
    from read as r
    inner join machine as i on i.provider = r.provider and i.instance_type = r.instance_type
),

ladder as ( -- which row serves, and how much of it one billed unit is
    select
        a.basis,
        a.provider,
        a.method,
        a.usage_state,
        a.hardware,
        r.stated_memory_gib,
        b.accelerator as board,
        case
            when b.accelerator is not null then 'generic-x86'
            when e.instance_type is not null and a.method <> 'dedicated_host' then e.instance_type
            when f.instance_type is not null then f.instance_type
            when c.class is not null then c.class
        end as resolved_as,
        case
            when b.accelerator is not null or (e.instance_type is not null and e.provider <> '*') then 'type'
            when a.method in ('dedicated_host', 'cpu_surplus', 'instance_vcpu', 'instance_memory') and f.instance_type is not null
                then 'type'
            when e.instance_type is null and f.instance_type is not null then 'family'
            else 'class'
        end as rung,
        case
            when b.accelerator is not null then 0e0
            when a.method = 'dedicated_host' then f.host_vcpu / f.vcpu
            when a.method in ('cpu_surplus', 'instance_vcpu') then 1e0 / coalesce(e.vcpu, f.vcpu)
            when a.method = 'instance_memory' then 1e0
            when e.instance_type is not null then 1e0
            when f.instance_type is not null then case when f.accelerator_count = 0e0 then r.step / f.step end
            when c.class is not null then r.step
        end as scale
    from asked as a
    inner join read as r on r.provider = a.provider and r.name = a.hardware and r.instance_type is null
    left join read as k
        on k.name = a.hardware and k.provider in (a.provider, '*') and k.instance_type is not null
    left join machine as e on e.provider = k.provider and e.instance_type = k.instance_type
    left join ranked as f on f.provider = a.provider and f.family = r.family and f.place = 1
    left join factors.accelerator_power as b
        on a.method = 'instance_accelerator' and lower(b.accelerator) = a.hardware
    left join ( -- a family that is not known, but whose size says its vCPUs; accelerator families have no such class
        select
            q.provider,
            q.name,
            case
                when regexp_matches(q.family, case q.provider
                    when 'aws' then '^(p|g|gr|trn|inf|dl|vt|f)[0-9]'
                    when 'gcp' then '^(a|g|ct)[0-9]'
                    else '^n'
                end) then null
                when regexp_matches(q.family, case q.provider
                    when 'aws' then '^[a-z]+[0-9]+[a-z]*g'
                    when 'gcp' then '^[a-z][0-9]a$|^t2a$'
                    else '^[a-z]p'
                end) then 'generic-arm'
                else 'generic-x86'
            end as class
        from read as q
        where q.instance_type is null and q.step > 0e0
    ) as c on c.provider = a.provider and c.name = a.hardware and a.method = 'instance_curve'
)

select
    l.basis,
    l.provider,
    l.method,
    l.usage_state,
    l.hardware,
    i.instance_type as resolved_as,
    l.rung,
    i.microarch,
    coalesce(l.board, i.accelerator) as accelerator,
    i.vcpu_is,
    l.scale, -- of the instance row, in vCPU
    i.vcpu as instance_vcpu,
    i.memory_gib as instance_memory_gib,
    case when l.method in ('instance_memory', 'instance_accelerator') then 0e0 else i.vcpu * l.scale end as vcpu,
    case
        when l.method in ('cpu_surplus', 'instance_vcpu', 'instance_accelerator') then 0e0
        when l.method = 'instance_memory' then 1e0
        when l.method = 'dedicated_host' then i.host_memory_gib
        when l.rung = 'family' then coalesce(l.stated_memory_gib, i.memory_gib * l.scale)
        else i.memory_gib * l.scale
    end as memory_gib,
    case
        when l.method = 'instance_accelerator' then 1e0
        when l.method in ('cpu_surplus', 'instance_vcpu', 'instance_memory') then 0e0
        else coalesce(i.accelerator_count, 0e0) * l.scale
    end as accelerators,
    case
        when l.method in ('cpu_surplus', 'instance_vcpu', 'instance_memory', 'instance_accelerator') then 0e0
        else coalesce(i.local_ssd_gb, 0e0) * l.scale
    end as local_ssd_gb,
    i.host_vcpu,
    i.host_sockets,
    i.factor_id as instance_ref
from ladder as l
left join machine as i
    on i.provider in (l.provider, '*') and i.instance_type = l.resolved_as and l.scale is not null
