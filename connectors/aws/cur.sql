-- Bill lines of a Cost and Usage Report in the words of the staged table.
-- Grain: one row per line of the report, in its order. Reads: bill (columns of cur_columns.csv, null where not
-- delivered), and whether the delivery has the two amortised costs at all (has_savings_plan, has_reservation).
-- Effective cost, where the delivery has the amortised columns; everything else is its unblended cost:
--   SavingsPlanCoveredUsage  its effective cost         SavingsPlanRecurringFee  commitment less what was used of it
--   SavingsPlanNegation      0, its pair carries it     SavingsPlanUpfrontFee    0, amortised in covered usage
--   DiscountedUsage          its effective cost         RIFee                    the unused part: upfront and recurring
--                                                       Fee of a reservation     0, amortised in discounted usage
select
    identity_line_item_id as provider_line_id,
    'aws' as provider,
    bill_payer_account_id as billing_account_id,
    line_item_usage_account_id as sub_account_id,
    nullif(trim(line_item_usage_account_name), '') as sub_account_name,
    case -- a product of the marketplace has a random code, and only its name says what it is
        when regexp_full_match(line_item_product_code, '[a-z0-9]{22,26}')
            then coalesce(product_product_name, line_item_product_code)
        else line_item_product_code
    end as service_name,
    line_item_product_code as service_code,
    coalesce(
        product_region_code,
        product_region,
        case when with_prefix is distinct from 'none' then
            coalesce(
                getvariable('region_of_prefix')[split_part(line_item_usage_type, '-', 1)],
                nullif(regexp_extract(line_item_usage_type, '^([a-z]+(-[a-z]+)+-[0-9])-', 1), '')
            )
        end,
        nullif(regexp_extract(line_item_availability_zone, '^[a-z]+(-[a-z]+)+-[0-9]'), ''),
        case when charge_category = 'Usage' then without_prefix end
    ) as region_id,
    line_item_usage_type as sku_meter,
    line_item_operation as operation,
    pricing_unit as consumed_unit,
    product_instance_type as instance_type,
    product_product_family as product_family,
    charge_category,
    line_item_line_item_type as line_type,
    split_line_item_parent_resource_id is not null as is_split,
    case
        when lower(capacity_reservation_capacity_reservation_status) = 'unused' then 'Unused'
        when regexp_matches(line_item_usage_type, '(^|-)Unused(Box|Ded)') then 'Unused'
        else capacity_reservation_capacity_reservation_status
    end as capacity_status,
    line_item_resource_id as resource_id,
    line_item_usage_start_date as charge_period_start,
    line_item_usage_end_date as charge_period_end,
    date_trunc('month', coalesce(bill_billing_period_start_date, line_item_usage_start_date)) as billing_month,
    line_item_usage_amount as consumed_quantity,
    line_item_unblended_cost as billed_cost,
    coalesce(amortised_cost, line_item_unblended_cost) as effective_cost,
    case
        when not (has_savings_plan or has_reservation) then 'billed'
        when is_amortised and amortised_cost is null then 'billed'
        else 'effective'
    end as cost_basis,
    line_item_currency_code as billing_currency,
    resource_tags as tags,
    case when split_line_item_parent_resource_id is not null then {
        'parent_resource_id': split_line_item_parent_resource_id,
        'part': case -- EKS-EC2-vCPU-Hours, ECS-EC2-GB-Hours; what is neither is of accelerators
            when regexp_matches(line_item_usage_type, '-vCPU-Hours') then 'compute'
            when regexp_matches(line_item_usage_type, '-GB-Hours') then 'memory'
            else 'accelerator'
        end,
        'split_usage': case when isfinite(split_line_item_split_usage) then split_line_item_split_usage end,
        'split_usage_ratio': case
            when split_line_item_split_usage_ratio >= 0 and isfinite(split_line_item_split_usage_ratio)
                then split_line_item_split_usage_ratio
        end,
        'cluster_name': coalesce(
            resource_tags['aws:eks:cluster-name'], resource_tags['aws_eks_cluster_name'],
            nullif(regexp_extract(line_item_resource_id, ':(?:pod|task)/([^/]+)/', 1), '')
        ),
        'namespace': coalesce(
            resource_tags['aws:eks:namespace'], resource_tags['aws_eks_namespace'],
            nullif(regexp_extract(line_item_resource_id, ':pod/[^/]+/([^/]+)/', 1), '')
        ),
        'workload': coalesce(resource_tags['aws:eks:workload-name'], resource_tags['aws_eks_workload_name'])
    } end as split
from (
    select
        *,
        getvariable('charge_category_of')[line_item_line_item_type] as charge_category,
        getvariable('without_prefix_of')[line_item_product_code] as without_prefix,
        getvariable('with_prefix_of')[line_item_product_code] as with_prefix,
        line_item_line_item_type in (
            'SavingsPlanCoveredUsage', 'SavingsPlanNegation', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee',
            'DiscountedUsage', 'RIFee'
        ) as is_amortised,
        case
            when has_savings_plan then
                case line_item_line_item_type
                    when 'SavingsPlanCoveredUsage' then savings_plan_savings_plan_effective_cost
                    when 'SavingsPlanNegation' then 0
                    when 'SavingsPlanUpfrontFee' then 0
                    when 'SavingsPlanRecurringFee' then savings_plan_total_commitment_to_date - savings_plan_used_commitment
                end
        end as savings_plan_cost,
        case
            when has_reservation then
                case
                    when line_item_line_item_type = 'DiscountedUsage' then reservation_effective_cost
                    when line_item_line_item_type = 'RIFee' then coalesce(
                        reservation_unused_amortized_upfront_fee_for_billing_period + reservation_unused_recurring_fee,
                        reservation_unused_amortized_upfront_fee_for_billing_period,
                        reservation_unused_recurring_fee
                    )
                    when line_item_line_item_type = 'Fee' and reservation_reservation_arn is not null then 0
                end
        end as reservation_cost,
        coalesce(savings_plan_cost, reservation_cost) as amortised_cost
    from bill
)
