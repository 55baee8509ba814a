-- What a usage type of AWS names. Grain: SKU and charge month, those lines that are read. Reads: lane_wanted, ccf_instance.
-- vCPUs are counted by one name, watts and memory by another, whose prefix `ml.` stays on.
with line as (
    select
        sku_id,
        charge_month,
        coalesce(service_code, '') as service,
        coalesce(sku_meter, '') as stated_type,
        concat(sku_meter, case when ends_with(sku_meter, 'xl') then 'arge' else '' end) as usage_type,
        case when contains(sku_meter, 'Fargate-GB-Hours') then 'GB-Hours' else consumed_unit end as unit,
        service_code = 'AmazonRedshift' and consumed_unit = 'seconds' as is_node_second,
        regexp_replace(instance_type, '^(db|cache|dax|dms|ml|mq)\.', '') as billed_name
    from lane_wanted
    where
        provider = 'aws'
        and coalesce(line_type, charge_category) in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
),

named as (
    select
        *,
        regexp_replace(
            string_split(stated_type, ':')[-1], '^(?:(?:db|cache|dax|dms|ml|mq|KernelGateway-ml|.+Kafka)\.)', ''
        ) as vcpu_name,
        case
            when contains(usage_type, 'db') then string_split(usage_type, 'db.')[-1]
            when contains(usage_type, 'cache') then string_split(usage_type, 'cache.')[-1]
            when contains(usage_type, 'Kafka') then string_split(usage_type, 'Kafka.')[-1]
            else string_split(usage_type, ':')[-1]
        end as watt_name
    from line
)

select
    n.* exclude (unit),
    case when n.is_node_second then 'Hrs' else n.unit end as unit,
    case when n.is_node_second then 1e0 / 3600e0 else 1e0 end as hours,
    array_to_string(string_split(n.vcpu_name, '.')[:2], '.') as burstable_name,
    array_to_string(string_split(n.watt_name, '.')[:2], '.') as memory_name,
    array_to_string(string_split(n.watt_name, '.')[-2:], '.') as embodied_name
from named as n
