-- The lines of one file of the benchmark's bill, as AWS Data Exports writes CUR 2.0 to parquet.
-- Grain: one row per line; each run of 12 is one resource on one day, and the order is shuffled as in a real export.
-- Parameters: the file's first line number, its number of lines, its month, the number of SKUs. The same input gives the same rows.
with line as (
    select
        i,
        hash(i // 12, 'resource') % 40000 as resource,
        hash(i // 12, 'day') % day(last_day(getvariable('month'))) as day_number,
        (i % 12) * 2 + hash(i // 12, 'hour') % 2 as hour_number,
        hash(i, 'amount') % 10000 / 10000e0 as draw
    from range(getvariable('first_line'), getvariable('first_line') + getvariable('lines')) as t(i)
),

-- A resource keeps its SKU, account and tags. The cube of a uniform draw makes few SKUs common and most rare.
resource_line as (
    select *, floor(power(hash(resource, 'sku') % 1000003 / 1000003e0, 3) * getvariable('skus'))::bigint as sku
    from line
),

used as (
    select
        l.* exclude (sku),
        getvariable('month')::timestamp + to_days(day_number::integer) + to_hours(hour_number::integer) as usage_start,
        format('{:012d}', 100000000000 + (hash(resource, 'account') % 60) * 7919) as account,
        s.*
    from resource_line as l
    inner join sku as s on s.sku = l.sku
)

select
    md5(i::varchar) as identity_line_item_id,
    strftime(usage_start, '%Y-%m-%dT%H:00:00Z/') || strftime(usage_start + interval 1 hour, '%Y-%m-%dT%H:00:00Z')
        as identity_time_interval,
    strftime(getvariable('month'), '%Y%m') || '-inv' as bill_invoice_id,
    'AWS' as bill_billing_entity,
    'Anniversary' as bill_bill_type,
    '999999999999' as bill_payer_account_id,
    getvariable('month')::timestamp_ms as bill_billing_period_start_date,
    (getvariable('month') + interval 1 month)::timestamp_ms as bill_billing_period_end_date,
    account as line_item_usage_account_id,
    'account-' || right(account, 4) as line_item_usage_account_name,
    case when hash(i, 'type') % 50 = 0 then 'DiscountedUsage' else 'Usage' end as line_item_line_item_type,
    usage_start::timestamp_ms as line_item_usage_start_date,
    (usage_start + interval 1 hour)::timestamp_ms as line_item_usage_end_date,
    product_code as line_item_product_code,
    usage_type as line_item_usage_type,
    operation as line_item_operation,
    case when instance_type is not null then region || chr((97 + resource % 3)::integer) end as line_item_availability_zone,
    case
        when instance_type is not null then 'i-' || left(md5(resource::varchar), 17)
        else 'arn:aws:service:' || region || ':' || account || ':resource/' || left(md5(resource::varchar), 20)
    end as line_item_resource_id,
    case when unit = 'Hrs' then 1e0 else round(amount_scale * (0.1e0 + draw), 10) end as line_item_usage_amount,
    'USD' as line_item_currency_code,
    price as line_item_unblended_rate,
    round(line_item_usage_amount * price, 10) as line_item_unblended_cost,
    round(line_item_usage_amount * price * 0.97e0, 10) as line_item_blended_cost,
    '$' || price || ' per ' || unit || ' ' || usage_type as line_item_line_item_description,
    'Amazon Web Services, Inc.' as line_item_legal_entity,
    map {'region': region, 'product_name': product_code, 'servicecode': product_code} as product,
    family as product_product_family,
    instance_type as product_instance_type,
    region as product_region_code,
    product_code as product_servicecode,
    'sku' || left(md5(sku::varchar), 13) as product_sku,
    unit as pricing_unit,
    'OnDemand' as pricing_term,
    price::varchar as pricing_public_on_demand_rate,
    case when line_item_line_item_type = 'DiscountedUsage' then round(line_item_unblended_cost * 0.6e0, 10) end
        as reservation_effective_cost,
    case when line_item_line_item_type = 'DiscountedUsage' then 'arn:aws:ec2:' || region || ':' || account || ':ri/1' end
        as reservation_reservation_a_r_n,
    null::double as savings_plan_savings_plan_effective_cost,
    null::varchar as split_line_item_parent_resource_id,
    case
        when resource % 5 = 0 then map {}::map(varchar, varchar)
        else map {
            'user_team': 'team-' || hash(resource, 'team') % 25,
            'user_service': 'service-' || hash(resource, 'service') % 80,
            'user_environment': ['prod', 'stage', 'test'][1 + (hash(resource, 'environment') % 3)::integer]
        }
    end as resource_tags,
    map {}::map(varchar, varchar) as cost_category
from used
order by hash(i, 'order')
