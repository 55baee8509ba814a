-- Google Cloud lines as quantities per billed unit. Grain: SKU and charge month. Reads: lane_wanted, fixed, listed,
-- ccf_unit, ccf_instance, ccf_replication.
with line as (
    select
        w.sku_id,
        w.charge_month,
        w.region_id,
        coalesce(w.service_name, '') as service,
        coalesce(w.sku_meter, '') as usage_type,
        coalesce(u.reading, 'unread') as reading,
        u.is_spread,
        coalesce(t.lists, []) as lists,
        coalesce(v.lists, []) as service_lists,
        coalesce(list_contains(m.lists, 'shared_core'), false) as is_shared_core,
        contains(w.sku_meter, 'GPU') as is_board,
        list_has_any(t.lists, ['composer', 'cluster']) as is_control,
        case when list_has_any(t.lists, ['composer', 'cluster']) then 'e2-medium' else w.instance_type end as machine_type,
        f.composer_vcpu, f.cluster_vcpu, f.bytes_per_gb, f.bytes_per_tb, f.server_life_h
    from lane_wanted as w
    inner join ccf_fixed as f on f.provider = 'gcp'
    left join ccf_unit as u on u.provider = 'gcp' and u.unit = w.consumed_unit
    left join ccf_listed as t on t.provider = 'gcp' and t.text = w.sku_meter
    left join ccf_listed as v on v.provider = 'gcp' and v.text = w.service_name
    left join ccf_listed as m on m.provider = 'gcp' and m.text = w.instance_type
    where w.provider = 'gcp' and coalesce(w.line_type, '') <> 'rounding_error'
),

found as (
    select
        l.*,
        case
            when l.reading = 'unread' then 'unread'
            when list_contains(l.lists, 'unsupported') then 'unsupported'
            when list_contains(l.service_lists, 'unit_dropped_service') then 'zero'
            when
                list_contains(l.lists, 'unknown') or list_contains(l.service_lists, 'unknown_service')
                or l.reading = 'unknown' or l.usage_type = ''
                then case when l.is_spread then 'spread' else 'zero' end
            when l.reading = 'compute' and not list_contains(l.lists, 'compute') then 'spread'
            when l.reading = 'network' and not list_contains(l.lists, 'network') then 'spread'
            else 'estimated'
        end as verdict,
        case
            when l.reading = 'compute' and l.is_board then 'board'
            when l.reading <> 'bytes_held' then l.reading
            when list_contains(l.lists, 'memory') and not list_contains(l.lists, 'compute') then 'memory'
            when contains(l.usage_type, 'SSD') then 'storage_ssd'
            else 'storage_hdd'
        end as rule,
        case
            when list_contains(l.lists, 'composer') then l.composer_vcpu
            when list_contains(l.lists, 'cluster') then l.cluster_vcpu
            else 1e0
        end as vcpu,
        case when not (l.is_shared_core or coalesce(l.is_control, false)) then family.processors end as processors,
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
        case when rule = 'compute' and length(family) <> 2 and not is_shared_core then 14 end,
        case when is_sum then 15 end,
        case when rule = 'board' and embodied_kg > 0 then 102 end
    ] as errors
from found
