-- The machine behind each hardware name that the wanted SKUs rest on: the type itself, a size of its family, or a whole host.
-- Grain: basis, which names provider, method, usage_state and hardware. Reads: wanted, core.sku, core.sku_class, factors.instance.
-- A name without a machine keeps its row and nulls.
with asked as (
    select distinct
        c.basis,
        s.provider,
        c.method,
        c.usage_state,
        c.hardware,
        split_part(c.hardware, '.', 1) as family,
        split_part(c.hardware, '.', 2) as size
    from wanted as w
    inner join core.sku_class as c on c.sku_id = w.sku_id
    inner join core.sku as s on s.sku_id = w.sku_id
    where c.method in ('instance_curve', 'dedicated_host', 'cpu_surplus')
),

sized as ( -- size_units: 1 for medium, 2 for large, 4 for xlarge, 4N for Nxlarge; null for sizes without a step
    select
        i.*,
        case split_part(i.instance_type, '.', 2)
            when 'medium' then 1e0
            when 'large' then 2e0
            when 'xlarge' then 4e0
            else 4e0 * try_cast(replace(split_part(i.instance_type, '.', 2), 'xlarge', '') as double)
        end as size_units
    from factors.instance as i
),

ranked as ( -- the largest member of a family stands for it
    select
        z.*,
        row_number() over (
            partition by z.provider, z.family
            order by case when z.size_units is null then 1 else 0 end, z.vcpu desc, z.instance_type
        ) as place
    from sized as z
),

scaled as ( -- which member serves, and how much of it one billed unit is
    select
        a.basis,
        a.provider,
        a.method,
        a.usage_state,
        a.hardware,
        coalesce(e.instance_type, f.instance_type) as resolved_as,
        case when e.instance_type is null and a.method = 'instance_curve' then 'default' else 'exact' end as resolution,
        case
            when a.method = 'cpu_surplus' then 1e0 / f.vcpu
            when a.method = 'dedicated_host' then f.host_vcpu / f.vcpu
            when e.instance_type is not null then 1e0
            when coalesce(f.accelerator_count, 0e0) = 0e0 then
                case a.size
                    when 'medium' then 1e0
                    when 'large' then 2e0
                    when 'xlarge' then 4e0
                    else 4e0 * try_cast(replace(a.size, 'xlarge', '') as double)
                end / f.size_units
        end as scale
    from asked as a
    left join factors.instance as e
        on e.provider = a.provider and e.instance_type = a.hardware and a.method = 'instance_curve'
    left join ranked as f on f.provider = a.provider and f.family = a.family and f.place = 1
)

select
    s.basis,
    s.provider,
    s.method,
    s.usage_state,
    s.hardware,
    i.instance_type as resolved_as,
    s.resolution,
    i.microarch,
    i.accelerator,
    i.vcpu_is,
    s.scale, -- of the instance row, in vCPU
    i.vcpu as instance_vcpu,
    i.memory_gib as instance_memory_gib,
    i.vcpu * s.scale as vcpu,
    case
        when s.method = 'cpu_surplus' then 0e0
        when s.method = 'dedicated_host' then i.host_memory_gib
        else i.memory_gib * s.scale
    end as memory_gib,
    case when s.method = 'cpu_surplus' then 0e0 else coalesce(i.accelerator_count, 0e0) * s.scale end as accelerators,
    case when s.method = 'cpu_surplus' then 0e0 else coalesce(i.local_ssd_gb, 0e0) * s.scale end as local_ssd_gb,
    i.host_vcpu,
    i.host_sockets,
    i.factor_id as instance_ref
from scaled as s
left join factors.instance as i on i.provider = s.provider and i.instance_type = s.resolved_as and s.scale is not null
