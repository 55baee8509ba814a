-- What is worth a note about a carbon export.
-- Grain: one row per model version, in its text order. Reads: delivered.
with figure as (
    select
        model_version,
        try_cast(regexp_extract(model_version, '^[vV]?(\d+)', 1) as integer) as major,
        columns('.*_emissions_value')::double
    from delivered
)

select
    model_version,
    major,
    count_if(                                           -- rows with a figure below zero
        least(
            total_lbm_emissions_value, total_mbm_emissions_value, total_scope_1_emissions_value,
            total_scope_2_lbm_emissions_value, total_scope_2_mbm_emissions_value,
            total_scope_3_lbm_emissions_value, total_scope_3_mbm_emissions_value
        ) < 0
    ) as negative_rows,
    sum((                                               -- t; null where a scope is not delivered
        total_lbm_emissions_value
        - total_scope_1_emissions_value - total_scope_2_lbm_emissions_value - total_scope_3_lbm_emissions_value
    )::decimal(38, 15))::double as location_based_excess_t,
    sum((
        total_mbm_emissions_value
        - total_scope_1_emissions_value - total_scope_2_mbm_emissions_value - total_scope_3_mbm_emissions_value
    )::decimal(38, 15))::double as market_based_excess_t,
    count(*) as row_count
from figure
group by all
order by model_version
