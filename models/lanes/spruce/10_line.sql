-- The usage that SPRUCE looks at, in its words. Grain: one row per SKU. Reads: lane_wanted.
select distinct
    w.sku_id,
    w.provider,
    t.service as service_code,
    w.sku_meter as meter,
    coalesce(w.operation, '') as operation,
    w.consumed_unit,
    coalesce(w.product_family, '') as family,
    coalesce(lower(w.region_id), '') as region_id,
    w.provider = 'aws' and w.service_code = 'AmazonEC2' and starts_with(w.operation, 'RunInstances') as is_ec2,
    case -- as its table of machine types names it
        when w.service_code = 'AmazonEC2' and starts_with(w.operation, 'RunInstances') then t.instance_type
        when w.service_code = 'AmazonES' and w.operation = 'ESDomain' then regexp_replace(t.instance_type, '\.search$', '')
        when w.service_code = 'AmazonRDS' and starts_with(w.operation, 'CreateDBInstance')
            then regexp_replace(t.instance_type, '^db\.', '')
        when t.service = 'Virtual Machines' and w.consumed_unit = 'Hours' -- of "D2 v3/D2s v3" the second
            then replace(lower(trim(regexp_replace(w.sku_meter, '^[^/]*/', ''))), ' ', '_')
    end as machine
from lane_wanted as w
cross join lateral (
    select
        coalesce(w.service_code, case when w.provider = 'azure' then w.service_name end) as service,
        coalesce(w.instance_type, nullif(regexp_extract(w.sku_meter, '^[^:]*:(.+)$', 1), '')) as instance_type
) as t
where w.provider in ('aws', 'azure') and ends_with(w.line_type, 'Usage') and w.sku_meter is not null
