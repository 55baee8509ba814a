-- An AWS carbon export in long form, in kg.
-- Grain: one row per delivered row x scope x method, 7 to a row, in the order of the delivery.
-- Reads: delivered. Parameter: kg per t. A figure that is not there is null and says why.
with figure as (
    select
        n, usage_period_start, payer_account_id, usage_account_id, product_code, region_code, model_version,
        last_refresh_timestamp, absent,
        unnest([
            {place: 1, scope: 'total', method: 'location_based', delivered_as: 'total_lbm', t: total_lbm_emissions_value},
            {place: 2, scope: 'total', method: 'market_based', delivered_as: 'total_mbm', t: total_mbm_emissions_value},
            {place: 3, scope: 'scope_1', method: null, delivered_as: 'total_scope_1', t: total_scope_1_emissions_value},
            {place: 4, scope: 'scope_2', method: 'location_based', delivered_as: 'total_scope_2_lbm',
             t: total_scope_2_lbm_emissions_value},
            {place: 5, scope: 'scope_2', method: 'market_based', delivered_as: 'total_scope_2_mbm',
             t: total_scope_2_mbm_emissions_value},
            {place: 6, scope: 'scope_3', method: 'location_based', delivered_as: 'total_scope_3_lbm',
             t: total_scope_3_lbm_emissions_value},
            {place: 7, scope: 'scope_3', method: 'market_based', delivered_as: 'total_scope_3_mbm',
             t: total_scope_3_mbm_emissions_value}
        ], recursive := true)
    from delivered
)

select
    date_trunc('month', usage_period_start::timestamptz::timestamp)::date as usage_month,
    'aws' as provider,
    payer_account_id as billing_account_id,
    usage_account_id as sub_account_id,
    product_code as service_name,
    region_code as region_id,
    model_version,
    concat_ws(                                          -- v3.0.1 -> 00003.00000.00001: text order is version order
        '.',
        lpad(regexp_extract(model_version, '^[vV]?(\d+)', 1), 5, '0'),
        lpad(regexp_extract(model_version, '^[vV]?\d+\.(\d+)', 1), 5, '0'),
        lpad(regexp_extract(model_version, '^[vV]?\d+\.\d+\.(\d+)', 1), 5, '0')
    ) as model_version_key,
    scope,
    method,
    t::double * $kg_per_t::double as kg_co2e,
    case
        when list_contains(absent, delivered_as || '_emissions_value') then 'column_not_in_export'
        when t is null then 'empty_in_export'
    end as null_reason,
    last_refresh_timestamp::timestamptz::timestamp as refreshed_at,
    'export' as source_kind
from figure
order by n, place
