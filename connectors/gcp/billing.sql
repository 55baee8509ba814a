-- Lines of a Cloud Billing export (standard or detailed) in the words of the staged table.
-- Grain: one row per row of the export, in its order. Reads: bill (columns of billing_columns.csv, null where not
-- delivered). credits_amount is the sum of the row's credits; is_settled says that none of them settles a commitment.
-- The export has no amortised cost. Cost and credits together are the effective cost of what is bought on demand;
-- the fee of a commitment and the usage that a credit settles against it stay as billed, and say so.
select
    null as provider_line_id, -- the export has none, and a correction repeats every other column of its original
    'gcp' as provider,
    billing_account_id,
    project_id as sub_account_id,
    nullif(trim(project_name), '') as sub_account_name,
    service_description as service_name,
    service_id as service_code,
    coalesce(location_region, location_location) as region_id,
    sku_description as sku_meter,
    sku_id as operation, -- keeps apart meters that share a description
    usage_unit as consumed_unit,
    system_labels['compute.googleapis.com/machine_spec'] as instance_type,
    null as product_family, -- only the pricing export has it
    if(is_commitment_fee, 'Purchase', getvariable('charge_category_of')[lower(cost_type)]) as charge_category,
    if(lower(cost_type) = 'regular' and lower(invoice_publisher_type) = 'partner', 'marketplace', cost_type)
        as line_type, -- what a partner publishes is sold in the marketplace
    false as is_split, -- cost allocation of clusters splits rows instead of adding some
    if(lower(system_labels['compute.googleapis.com/is_unused_reservation']) = 'true', 'Unused', null) as capacity_status,
    coalesce(resource_global_name, resource_name) as resource_id,
    usage_start_time as charge_period_start,
    usage_end_time as charge_period_end,
    date_trunc(
        'month',
        coalesce(invoice_month, (usage_start_time at time zone 'UTC') at time zone 'America/Los_Angeles')
    ) as billing_month, -- invoices follow Pacific time
    usage_amount as consumed_quantity,
    cost + coalesce(credits_amount, 0) as billed_cost,
    cost + coalesce(credits_amount, 0) as effective_cost,
    if(is_settled and not is_commitment_fee, 'effective', 'billed') as cost_basis,
    currency as billing_currency,
    case -- of one key, the last counts; labels that cannot be read are no empty labels
        when project_labels is not null and tags is not null and labels is not null
            then map_concat(project_labels, tags, labels)
    end as tags,
    null as split
from (
    select
        *,
        lower(cost_type) = 'regular' and regexp_matches(sku_description, '^Commitment\b') as is_commitment_fee
    from bill
)
