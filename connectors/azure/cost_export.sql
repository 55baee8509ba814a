-- Lines of an Azure cost export in the words of the staged table.
-- Grain: one row per line of the export, in its order. Reads: bill (columns of cost_export_columns.csv, null where not
-- delivered) and, as variables, units.csv, charge_types.csv and what the whole delivery says (is_amortised, single_hours).
-- Azure counts in blocks of UnitOfMeasure: 0.0004 of '10K' are 4 operations. Here a quantity is in single units.
select
    null as provider_line_id, -- Azure has none
    'azure' as provider,
    billing_account_id,
    nullif(subscription_id, '00000000-0000-0000-0000-000000000000') as sub_account_id,
    nullif(trim(subscription_name), '') as sub_account_name,
    meter_category as service_name,
    case when lower(publisher_type) = 'marketplace' then 'Marketplace' else meter_category end as service_code,
    nullif(coalesce(resource_location_normalized, resource_location, location), 'Unassigned') as region_id,
    meter_name as sku_meter,
    nullif(concat_ws('/', meter_sub_category, nullif(usage_type, 'ComputeHR')), '') as operation,
    coalesce(getvariable('unit_of')[measure], unit_of_measure) as consumed_unit,
    coalesce(
        json_extract_string(info, '$.ServiceType'),
        json_extract_string(try_cast(service_info1 as json), '$.ServiceType'),
        json_extract_string(try_cast(service_info2 as json), '$.ServiceType')
    ) as instance_type,
    meter_sub_category as product_family,
    getvariable('charge_category_of')[charge_word] as charge_category,
    charge_type as line_type,
    false as is_split,
    case when usage_type = 'ComputeCR' then 'Unused' else getvariable('capacity_status_of')[charge_word] end
        as capacity_status, -- ComputeCR: hours of a capacity reservation without a machine in it
    resource_id,
    charge_day as charge_period_start,
    charge_day + interval 1 day as charge_period_end,
    date_trunc('month', coalesce(billing_month_start, charge_day)) as billing_month,
    case
        when lower(meter_category) = 'virtual machines' and list_contains(getvariable('single_hours'), measure) then quantity
        else quantity * coalesce(getvariable('block_size_of')[measure], 1e0) -- an unknown unit stays as delivered, with its text
    end as consumed_quantity,
    cost as billed_cost,
    cost as effective_cost,
    if(getvariable('is_amortised'), 'effective', 'billed') as cost_basis,
    billing_currency,
    tag_map as tags,
    null as split
from (
    select
        *,
        lower(regexp_replace(charge_type, '[ _]', '', 'g')) as charge_word,
        try_cast(if(starts_with(trim(additional_info), '{'), additional_info, '{' || additional_info || '}') as json) as info,
        json_extract_string(info, '$.UsageType') as usage_type
    from bill
)
