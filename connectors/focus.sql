-- Lines of a FOCUS bill (1.0 to 1.2, any provider) in the words of the staged table.
-- Grain: one row per line of the bill, in its order. Reads: bill (columns of focus_columns.csv, null where not
-- delivered). A commitment or a capacity reservation that is unused makes the line Unused.
select
    null as provider_line_id, -- FOCUS has none
    coalesce(
        getvariable('provider_of')[lower(coalesce(provider_name, service_provider_name))],
        lower(coalesce(provider_name, service_provider_name)),
        getvariable('asserted_provider')
    ) as provider,
    billing_account_id,
    sub_account_id,
    service_name,
    coalesce(x_service_code, x_service_id) as service_code,
    region_id,
    coalesce(sku_meter, x_usage_type, x_sku_meter_name) as sku_meter,
    x_operation as operation,
    consumed_unit,
    coalesce(
        x_instance_type,
        sku_price_details['InstanceType'],
        x_sku_details['InstanceType'],
        x_sku_details['ServiceType']
    ) as instance_type,
    coalesce(x_sku_meter_subcategory, service_subcategory) as product_family,
    charge_category,
    charge_category as line_type,
    false as is_split,
    case
        when 'Unused' in (commitment_discount_status, capacity_reservation_status) then 'Unused'
        else coalesce(commitment_discount_status, capacity_reservation_status)
    end as capacity_status,
    resource_id,
    charge_period_start,
    charge_period_end,
    date_trunc('month', coalesce(billing_period_start, charge_period_start)) as billing_month,
    consumed_quantity,
    billed_cost,
    coalesce(effective_cost, billed_cost) as effective_cost,
    if(effective_cost is null, 'billed', 'effective') as cost_basis,
    billing_currency,
    tags,
    null as split
from bill
