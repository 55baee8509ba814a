-- Lines of a FOCUS bill (1.0 to 1.2, any provider) in the words of the staged table.
-- Grain: one row per line of the bill, in its order. Reads: bill (columns of focus_columns.csv, null where not
-- delivered) and, as variables, focus_providers.csv and azure/units.csv. A commitment or a capacity reservation that is
-- unused makes the line Unused. Azure names its meter as in its own exports and counts in blocks of its unit there and
-- here: 0.0003 of '10K' are 3 operations. Here a quantity is in single units; an unknown unit stays as delivered. Google
-- names its SKU in ChargeDescription and SkuId and keeps the machine in a system label; what a partner publishes there is
-- sold in the marketplace.
select
    null as provider_line_id, -- FOCUS has none
    provider,
    billing_account_id,
    sub_account_id,
    nullif(trim(sub_account_name), '') as sub_account_name,
    service_name,
    case
        when provider = 'azure' and lower(x_publisher_category) = 'vendor' then 'Marketplace'
        else coalesce(x_service_code, x_service_id, x_sku_meter_category)
    end as service_code,
    coalesce(region_id, x_location) as region_id, -- Google's region is null where the place is several regions
    coalesce(sku_meter, x_usage_type, x_sku_meter_name, if(provider = 'gcp', charge_description, null)) as sku_meter,
    coalesce(
        x_operation,
        nullif(concat_ws('/', x_sku_meter_subcategory, nullif(usage_type, 'ComputeHR')), ''),
        if(provider = 'gcp', sku_id, null)
    ) as operation,
    case when provider = 'azure' then coalesce(getvariable('unit_of')[measure], measure) else consumed_unit end
        as consumed_unit,
    coalesce(
        x_instance_type,
        sku_price_details['InstanceType'],
        x_sku_details['InstanceType'],
        x_sku_details['ServiceType'],
        system_labels['compute.googleapis.com/machine_spec']
    ) as instance_type,
    coalesce(x_sku_meter_subcategory, service_subcategory) as product_family,
    charge_category,
    case
        when provider = 'gcp' and charge_category = 'Usage' and not starts_with(lower(publisher_name), 'google')
            then 'marketplace'
        else charge_category
    end as line_type,
    false as is_split,
    case
        when 'Unused' in (commitment_discount_status, capacity_reservation_status) or usage_type = 'ComputeCR' then 'Unused'
        when lower(system_labels['compute.googleapis.com/is_unused_reservation']) = 'true' then 'Unused'
        else coalesce(commitment_discount_status, capacity_reservation_status)
    end as capacity_status,
    resource_id,
    charge_period_start,
    charge_period_end,
    date_trunc('month', coalesce(billing_period_start, charge_period_start)) as billing_month,
    consumed_quantity * case when provider = 'azure' then coalesce(getvariable('block_size_of')[measure], 1e0) else 1e0 end
        as consumed_quantity,
    billed_cost,
    coalesce(effective_cost, billed_cost) as effective_cost,
    if(effective_cost is null, 'billed', 'effective') as cost_basis,
    billing_currency,
    coalesce(
        tags,
        case -- of one key, the last counts; labels that cannot be read are no empty labels
            when x_project_labels is not null and x_tags is not null and x_labels is not null
                then map_concat(x_project_labels, x_tags, x_labels)
        end
    ) as tags,
    null as split
from (
    select
        * replace (upper(charge_category[1]) || lower(charge_category[2:]) as charge_category), -- Google's view wrote `usage`
        coalesce(x_system_labels, tags) as system_labels, -- that view put them among the tags
        coalesce(
            getvariable('provider_of')[lower(coalesce(provider_name, service_provider_name))],
            lower(coalesce(provider_name, service_provider_name)),
            getvariable('asserted_provider')
        ) as provider,
        x_sku_details['UsageType'] as usage_type, -- of Azure
        regexp_replace(trim(replace(coalesce(x_pricing_unit_description, consumed_unit), chr(160), ' ')), ' +', ' ', 'g')
            as measure
    from bill
)
