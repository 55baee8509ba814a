-- AWS lines as quantities per billed unit. Grain and order as aws_name. Reads: aws_name, fixed, watts, listed, ccf_unit,
-- ccf_instance, ccf_replication, factors.instance. vCPUs come from the factor set where its bill would state them.
with vcpus as (
    select
        n.*,
        coalesce(u.reading, 'unknown') as reading,
        coalesce(u.is_spread, false) as is_spread,
        coalesce(t.lists, []) as lists,
        coalesce(list_contains(s.lists, 'ssd_service'), false) and not contains(n.usage_type, 'Backup') as is_ssd_service,
        case
            when n.service = 'AWSGlue' then f.glue_vcpu
            when n.service = 'AmazonSimpleDB' then f.simpledb_vcpu
            when contains(n.stated_type, 'Aurora:ServerlessUsage') then f.aurora_acu_vcpu
            when list_contains(a.lists, 'given_vcpu_hours') then 1e0
        end as fixed_vcpu,
        coalesce(list_contains(a.lists, 'burstable'), false) as is_burstable,
        f.fallback_gb_per_chip, f.server_life_h, f.bytes_per_tb
    from ccf_aws_name as n
    inner join ccf_fixed as f on f.provider = 'aws'
    left join ccf_unit as u on u.provider = 'aws' and u.unit = n.unit
    left join ccf_listed as t on t.provider = 'aws' and t.text = n.usage_type
    left join ccf_listed as a on a.provider = 'aws' and a.text = n.stated_type
    left join ccf_listed as s on s.provider = 'aws' and s.text = n.service
),

found as (
    select
        v.*,
        list_contains(v.lists, 'ssd') or v.is_ssd_service as is_ssd,
        case when v.is_burstable and v.fixed_vcpu is null then burst.baseline_pct end as baseline_pct,
        case
            when v.fixed_vcpu is not null then v.fixed_vcpu
            when v.is_burstable then case when burst.baseline_pct is not null then burst.vcpu end
            else coalesce(billed.vcpu, named.vcpu, own.vcpu)
        end as vcpu,
        case when list_contains(v.lists, 'board') then coalesce(own.accelerators, 0) else 0 end as boards,
        case when v.service = 'AWSLambda'
            then case when ends_with(v.usage_type, '-ARM') then 'AWS Graviton2' end
            else machine.processors
        end as processors,
        case when v.service <> 'AWSLambda' then machine.accelerator end as accelerator,
        case when memory.memory_gib is not null and machine.baseline_pct is null
            then greatest(memory.family_memory_gib / memory.chips - coalesce(w.gb_per_chip, v.fallback_gb_per_chip), 0)
                * memory.memory_gib / memory.family_memory_gib
            else 0e0
        end as excess_gb,
        1000e0 * embodied.embodied_t / v.server_life_h / embodied.family_vcpu as embodied_kg_per_h,
        embodied.kind as embodied_kind,
        embodied.vcpu as embodied_vcpu,
        embodied.baseline_pct is not null as is_embodied_burstable,
        coalesce(billed.accelerator_count, named.accelerator_count, 0) as known_boards,
        (
            select arg_min(r.copies, r.position)
            from ccf_replication as r
            where r.provider = 'aws' and r.service = v.service and regexp_matches(v.usage_type, coalesce(r.pattern, ''))
        ) as copies
    from vcpus as v
    left join factors.instance as billed on billed.provider = 'aws' and billed.instance_type = v.billed_name
    left join factors.instance as named on named.provider = 'aws' and named.instance_type = v.vcpu_name
    left join ccf_instance as own on own.provider = 'aws' and own.name = v.vcpu_name
    left join ccf_instance as burst on burst.provider = 'aws' and burst.name = v.burstable_name
    left join ccf_instance as machine on machine.provider = 'aws' and machine.name = v.watt_name
    left join ccf_watts as w on w.provider = 'aws' and w.processors = machine.processors
    left join ccf_instance as memory on memory.provider = 'aws' and memory.name = v.memory_name
    left join ccf_instance as embodied on embodied.provider = 'aws' and embodied.name = v.embodied_name
)

select
    'aws' as provider,
    sku_id,
    charge_month,
    case
        when list_contains(lists, 'unsupported') then 'unsupported'
        when list_contains(lists, 'unknown') or reading = 'unknown' then case when is_spread then 'spread' else 'zero' end
        when reading = 'compute' then case when vcpu is null then 'nan' else 'estimated' end
        when reading in ('storage_month', 'storage_hour') and not is_ssd and not list_contains(lists, 'hdd') then 'dropped'
        when reading = 'network' and (service = 'AmazonCloudFront' or not list_contains(lists, 'network')) then 'dropped'
        else 'estimated'
    end as verdict,
    case
        when reading in ('storage_month', 'storage_hour') then case when is_ssd then 'storage_ssd' else 'storage_hdd' end
        else reading
    end as rule,
    case reading when 'compute' then vcpu * hours when 'function' then 1e0 / 3600e0 end as vcpu_h,
    case when reading = 'compute' then baseline_pct end as baseline_pct,
    case when baseline_pct is not null then burstable_name end as burstable_name,
    processors,
    case when reading in ('compute', 'function') then boards * hours end as board_h,
    accelerator as board_processors,
    case when reading = 'compute' then excess_gb * hours end as memory_gb_h,
    case
        when reading not in ('storage_month', 'storage_hour') then null
        when list_contains(lists, 'byte_hours') then 1e0 / bytes_per_tb
        when reading = 'storage_hour' then 1e0 / 1000e0
        else 24e0 * extract(day from last_day(charge_month)) / 1000e0
    end as tb_h,
    is_ssd,
    case when reading = 'network' then 1e0 end as network_gb,
    coalesce(copies, 1) as copies,
    coalesce(copies, 1) as memory_copies,
    case when reading = 'compute' then embodied_kg_per_h * hours end as embodied_kg,
    [
        case when reading = 'compute' and embodied_kg_per_h > 0 and not is_embodied_burstable and embodied_vcpu > 1 then 2 end,
        case when reading = 'compute' and embodied_kg_per_h > 0 and is_embodied_burstable then 3 end,
        case when reading = 'storage_month' and list_contains(lists, 'byte_hours') then 5 end,
        case when reading = 'compute' and known_boards > 0 and boards = 0 then 11 end,
        case when reading = 'compute' and boards > 0 and accelerator is null then 12 end,
        case when reading = 'storage_hour' and contains(usage_type, 'Fargate-GB-Hours') then 17 end,
        case when reading = 'compute' and (contains(usage_type, 'EBSOptimized:') or service = 'ElasticMapReduce') then 22 end,
        case when reading = 'compute' and embodied_kind = 'high_memory' then 101 end
    ] as errors
from found
