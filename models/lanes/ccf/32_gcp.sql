-- Google Cloud lines as quantities per billed unit. Grain: SKU and charge month. Reads: lane_wanted, fixed, pattern,
-- watts, ccf_unit, ccf_instance, ccf_replication.
with pattern as (
    select
        max(case when list = 'unsupported' then pattern end) as unsupported,
        max(case when list = 'unknown' then pattern end) as unknown,
        max(case when list = 'unknown_service' then pattern end) as unknown_service,
        max(case when list = 'unit_dropped_service' then pattern end) as unit_dropped_service,
        max(case when list = 'compute' then pattern end) as compute,
        max(case when list = 'memory' then pattern end) as memory,
        max(case when list = 'network' then pattern end) as network,
        max(case when list = 'shared_core' then pattern end) as shared_core,
        max(case when list = 'composer' then pattern end) as composer,
        max(case when list = 'cluster' then pattern end) as cluster
    from ccf_pattern
    where provider = 'gcp'
),

line as (
    select
        w.sku_id,
        w.charge_month,
        w.region_id,
        coalesce(w.service_name, '') as service,
        coalesce(w.sku_meter, '') as usage_type,
        coalesce(u.reading, 'unread') as reading,
        u.is_spread,
        p.*,
        contains(w.sku_meter, 'GPU') as is_board,
        regexp_matches(w.sku_meter, p.composer) as is_composer,
        regexp_matches(w.sku_meter, p.cluster) as is_cluster,
        case when regexp_matches(w.sku_meter, p.composer) or regexp_matches(w.sku_meter, p.cluster)
            then 'e2-medium' else w.instance_type
        end as machine_type,
        f.composer_vcpu, f.cluster_vcpu, f.bytes_per_gb, f.bytes_per_tb, f.server_life_h
    from lane_wanted as w
    cross join pattern as p
    inner join ccf_fixed as f on f.provider = 'gcp'
    left join ccf_unit as u on u.provider = 'gcp' and u.unit = w.consumed_unit
    where w.provider = 'gcp' and coalesce(w.line_type, '') <> 'rounding_error'
),

found as (
    select
        l.*,
        case
            when l.reading = 'unread' then 'unread'
            when regexp_matches(l.usage_type, l.unsupported) then 'unsupported'
            when regexp_matches(l.service, l.unit_dropped_service) then 'zero'
            when
                regexp_matches(l.usage_type, l.unknown) or regexp_matches(l.service, l.unknown_service)
                or l.reading = 'unknown' or l.usage_type = ''
                then case when l.is_spread then 'spread' else 'zero' end
            when l.reading = 'compute' and not regexp_matches(l.usage_type, l.compute) then 'spread'
            when l.reading = 'network' and not regexp_matches(l.usage_type, l.network) then 'spread'
            else 'estimated'
        end as verdict,
        case
            when l.reading = 'compute' and l.is_board then 'board'
            when l.reading <> 'bytes_held' then l.reading
            when regexp_matches(l.usage_type, l.memory) and not regexp_matches(l.usage_type, l.compute) then 'memory'
            when contains(l.usage_type, 'SSD') then 'storage_ssd'
            else 'storage_hdd'
        end as rule,
        case when l.is_composer then l.composer_vcpu when l.is_cluster then l.cluster_vcpu else 1e0 end as vcpu,
        case when not regexp_matches(l.machine_type, l.shared_core) then family.processors end as processors,
        split_part(l.machine_type, '-', 1) as family,
        board.name as board,
        1000e0 * machine.embodied_t / l.server_life_h / machine.family_vcpu / 3600e0 as embodied_kg,
        (
            select arg_min(r.copies, r.position)
            from ccf_replication as r
            where r.provider = 'gcp' and r.service = l.service and regexp_matches(l.usage_type, coalesce(r.pattern, ''))
        ) as copies,
        grid.note is not null and grid.region_id <> '*' as is_sum
    from line as l
    left join ccf_instance as family on family.provider = 'gcp' and family.kind = 'family' and family.name = lower(left(l.machine_type, 2))
    left join ccf_instance as machine on machine.provider = 'gcp' and machine.kind = 'machine' and machine.name = l.machine_type
    left join ccf_instance as board on board.kind = 'board' and starts_with(l.usage_type, board.name)
    left join ccf_grid as grid on grid.provider = 'gcp' and grid.region_id = l.region_id
)

select
    'gcp' as provider,
    sku_id,
    charge_month,
    verdict,
    rule,
    case when rule = 'compute' then vcpu / 3600e0 end as vcpu_h,
    cast(null as double) as baseline_pct,
    processors,
    case when rule = 'board' then 1e0 / 3600e0 end as board_h,
    coalesce(board, (select string_agg(name, '+' order by name) from ccf_instance where kind = 'board')) as board_processors,
    case when rule = 'memory' then 1e0 / bytes_per_gb / 3600e0 end as memory_gb_h,
    case when rule in ('storage_ssd', 'storage_hdd') then 1e0 / bytes_per_tb / 3600e0 end as tb_h,
    rule = 'storage_ssd' as is_ssd,
    case when rule = 'network' then 1e0 / bytes_per_gb end as network_gb,
    coalesce(copies, 1) as copies,
    1 as memory_copies,
    case when reading = 'compute' then embodied_kg end as embodied_kg,
    [
        case when rule = 'board' and board is null then 13 end,
        case when rule = 'compute' and length(family) <> 2 and not regexp_matches(machine_type, shared_core) then 14 end,
        case when is_sum then 15 end,
        case when rule = 'board' and embodied_kg > 0 then 22 end
    ] as errors
from found
