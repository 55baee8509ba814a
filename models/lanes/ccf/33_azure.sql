-- Azure lines as quantities per billed unit. Grain: SKU and charge month. Reads: azure_name, fixed, listed, watts,
-- ccf_unit, ccf_instance, ccf_size, ccf_replication, factors.instance. A size that the table lacks is one vCPU.
with judged as (
    select
        l.*,
        coalesce(u.reading, 'unknown') as reading,
        coalesce(u.is_spread, false) as is_spread,
        coalesce(t.lists, []) as lists,
        coalesce(list_contains(v.lists, 'unknown_service'), false) as is_unknown_service,
        coalesce(list_has_any(t.lists, ['ssd_disk', 'storage']), false) as is_ssd,
        coalesce(list_contains(t.lists, 'hdd_disk'), false) as is_hdd,
        coalesce(list_has_any(t.lists, ['ssd_disk', 'hdd_disk']), false) as is_disk,
        coalesce(list_contains(t.lists, 'memory'), false) as is_memory,
        exists (select 1 from ccf_word as w where w.provider = 'azure' and w.list = 'memory' and w.word = l.usage_type)
            as is_memory_by_name,
        regexp_extract(l.usage_type, '(?:P|E)\d{1,2}') as tier
    from ccf_azure_name as l
    left join ccf_unit as u on u.provider = 'azure' and u.unit = l.consumed_unit
    left join ccf_listed as t on t.provider = 'azure' and t.text = l.usage_type
    left join ccf_listed as v on v.provider = 'azure' and v.text = l.service
),

found as (
    select
        j.*,
        i.name as machine,
        coalesce(i.vcpu, 1) as vcpu,
        i.processors,
        i.accelerator,
        case when list_contains(j.lists, 'board') then coalesce(i.accelerators, 1) else 0 end as boards,
        case
            when j.is_memory_by_name then case when contains(j.usage_type, 'Cache') then cache.gb else 1e0 end
            when i.memory_gib is not null
                then greatest(i.family_memory_gib / i.chips - coalesce(w.gb_per_chip, f.fallback_gb_per_chip), 0)
                    * i.memory_gib / i.family_memory_gib
            else 0e0
        end as memory_gb,
        1000e0 * i.embodied_t / f.server_life_h / i.family_vcpu as embodied_kg_per_h,
        f.storage_h_per_month,
        case
            when j.is_ssd and j.is_disk then ssd_disk.gb
            when j.is_hdd and j.is_disk then hdd_disk.gb
            when list_contains(j.lists, 'registry') then registry.gb
            else 1e0
        end as gb,
        coalesce(known.accelerator_count, 0) as known_boards,
        (
            select arg_min(r.copies, r.position)
            from ccf_replication as r
            where r.provider = 'azure' and r.service = j.service and regexp_matches(j.usage_type, coalesce(r.pattern, ''))
        ) as copies
    from judged as j
    inner join ccf_fixed as f on f.provider = 'azure'
    left join ccf_instance as i on i.provider = 'azure' and i.name = j.usage_type
    left join ccf_watts as w on w.provider = 'azure' and w.processors = i.processors
    left join ccf_size as ssd_disk on ssd_disk.kind = 'ssd_disk' and ssd_disk.name = j.tier
    left join ccf_size as hdd_disk
        on hdd_disk.kind = 'hdd_disk' and hdd_disk.name = trim(regexp_replace(j.usage_type, 'Disks?', ''))
    left join ccf_size as registry on registry.kind = 'registry' and registry.name = replace(j.usage_type, ' Registry Unit', '')
    left join ccf_size as cache on cache.kind = 'cache' and cache.name = split_part(j.usage_type, ' ', 1)
    left join factors.instance as known
        on known.provider = 'azure'
        and lower(known.instance_type) = lower(concat('Standard_', replace(j.usage_type, ' ', '_')))
)

select
    'azure' as provider,
    sku_id,
    charge_month,
    case
        when list_contains(lists, 'unsupported') then 'unsupported'
        when list_contains(lists, 'unknown') or is_unknown_service or reading = 'unknown' then case when is_spread then 'spread' else 'zero' end
        when reading = 'printed_zero' then 'printed_zero'
        when starts_with(reading, 'storage') and not is_ssd and not is_hdd then 'dropped'
        when reading = 'storage' and is_ssd and is_disk and tier = '' then 'stopped'
        when reading = 'storage' and gb is null then 'nan'
        when reading in ('network', 'network_tb') and (contains(usage_type, 'To Any') or not list_contains(lists, 'network')) then 'dropped'
        else 'estimated'
    end as verdict,
    case
        when reading = 'compute' and is_memory then 'memory'
        when starts_with(reading, 'storage') then case when is_ssd then 'storage_ssd' else 'storage_hdd' end
        when starts_with(reading, 'memory') then 'memory'
        when starts_with(reading, 'network') then 'network'
        else reading
    end as rule,
    case when reading = 'compute' and not is_memory then vcpu end as vcpu_h,
    cast(null as double) as baseline_pct,
    processors,
    case when reading = 'compute' and not is_memory then boards end as board_h,
    accelerator as board_processors,
    case reading when 'compute' then memory_gb when 'memory_second' then 1e0 / 3600e0 when 'memory_hour' then 1e0 end as memory_gb_h,
    case reading when 'storage' then gb / 1000e0 * storage_h_per_month when 'storage_tb' then storage_h_per_month end as tb_h,
    is_ssd,
    case reading when 'network' then 1e0 when 'network_tb' then 1000e0 end as network_gb,
    coalesce(copies, 1) as copies,
    coalesce(copies, 1) as memory_copies,
    case when reading = 'compute' and not is_memory then embodied_kg_per_h end as embodied_kg,
    [
        case when reading = 'compute' and not is_memory and embodied_kg_per_h > 0 and vcpu > 1 then 2 end,
        case when reading = 'compute' and known_boards > 0 and boards = 0 then 11 end,
        case when reading = 'compute' and machine is null and service = 'Virtual Machines' then 18 end,
        case when starts_with(reading, 'storage') then 20 end,
        case when reading = 'compute' and not is_memory and machine is null and service <> 'Virtual Machines' then 21 end
    ] as errors
from found
