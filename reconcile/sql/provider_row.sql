-- The comparison at both grains: month x provider x account x region, and the same x service group.
-- Grain service only where the provider names services. Parts that cannot be computed are null and stay in the unexplained rest.
with summed as (
    select
        usage_month,
        provider,
        sub_account_id,
        region_id,
        service_group,
        case when grouping(service_group) = 1 then 'region' else 'service' end as grain,
        string_agg(distinct model_version, ', ' order by model_version) as model_version,
        sum(kg::decimal(38, 15))::double as model_kg,
        sum(kg_low::decimal(38, 15))::double as model_kg_low,
        sum(kg_high::decimal(38, 15))::double as model_kg_high,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(idle_energy_kwh::decimal(38, 15))::double as idle_energy_kwh,
        case when coalesce(sum(null_figures), 0) = 0 then sum(provider_kg::decimal(38, 15))::double end as provider_kg,
        string_agg(distinct null_reason, ', ' order by null_reason) as null_reason,
        bool_or(is_listed) as is_listed,
        bool_or(is_modelled) as is_modelled,
        sum(lines)::bigint as lines,
        bool_and(has_gap) as has_gap,
        bool_and(has_bill_month) as has_bill_month,
        any_value(days_held) as days_held,
        any_value(days_in_month) as days_in_month,
        any_value(grid_g_co2e_per_kwh) as grid_g,
        any_value(grid_g_co2e_per_kwh_low) as grid_g_low,
        any_value(grid_g_co2e_per_kwh_high) as grid_g_high,
        any_value(grid_direct_g_co2e_per_kwh) as direct_g,
        any_value(grid_direct_ref) as direct_ref,
        any_value(country_direct_g_co2e_per_kwh) as country_g,
        any_value(country_direct_ref) as country_ref,
        sum(gap_timing::decimal(38, 15))::double as gap_timing,
        sum(gap_boundary::decimal(38, 15))::double as gap_boundary,
        sum(gap_reserved_idle::decimal(38, 15))::double as gap_reserved_idle,
        sum(gap_coverage::decimal(38, 15))::double as gap_coverage,
        sum(gap_grid_factor::decimal(38, 15))::double as gap_grid_factor,
        list(
            concat(
                service_group, ' (',
                case
                    when is_modelled then 'the provider lists none'
                    when lines > 0 then concat('on the bill, not estimated: ', gap_reason)
                    else 'not on the bill'
                end, ')'
            )
            order by abs(gap_coverage) desc, service_group
        ) filter (gap_coverage <> 0e0) as covered_by_one
    from provider_cell
    group by grouping sets (
        (usage_month, provider, sub_account_id, region_id, service_group),
        (usage_month, provider, sub_account_id, region_id)
    )
    having grouping(service_group) = 1 or bool_or(is_month_named)
),

split as (
    select
        *,
        case when has_gap then coalesce(model_kg, 0e0) - coalesce(provider_kg, 0e0) end as gap,
        model_kg / nullif(provider_kg, 0e0) as ratio,
        provider in ('aws', 'gcp') and not (provider = 'aws' and region_id in ('ca-central-1', 'af-south-1')) as has_implied,
        nullif(coalesce(direct_g, grid_g), 0e0) as implied_g,
        nullif(least(direct_g, grid_g, grid_g_low), 0e0) as implied_g_low,
        nullif(greatest(direct_g, grid_g, grid_g_high), 0e0) as implied_g_high
    from summed
),

rest as (
    select
        *,
        gap - (
            coalesce(gap_timing, 0e0) + coalesce(gap_boundary, 0e0) + coalesce(gap_reserved_idle, 0e0)
            + coalesce(gap_coverage, 0e0) + coalesce(gap_grid_factor, 0e0)
        ) as gap_unexplained
    from split
),

judged as (
    select
        r.*,
        greatest(
            abs(r.gap_timing), abs(r.gap_boundary), abs(r.gap_reserved_idle), abs(r.gap_coverage), abs(r.gap_grid_factor),
            abs(r.gap_unexplained)
        ) as largest,
        case
            when r.provider_kg is null then 'provider_missing'
            when r.model_kg is null then 'model_missing'
            when r.provider_kg <= 0e0 and abs(r.model_kg - r.provider_kg) < 0.0005e0 then 'within_band' -- below what AWS shows
            when r.provider_kg <= 0e0 or r.ratio > b.high then 'model_high'
            when r.ratio < b.low then 'model_low'
            else 'within_band'
        end as verdict
    from rest as r
    cross join (select low, high from verdict_bands where comparison = 'provider') as b
)

select
    usage_month,
    provider,
    sub_account_id,
    region_id,
    service_group,
    grain,
    model_version,
    model_kg as model_location_based_kg_co2e,
    model_kg_low as model_location_based_kg_co2e_low,
    model_kg_high as model_location_based_kg_co2e_high,
    energy_kwh as model_energy_kwh,
    idle_energy_kwh as model_reserved_idle_energy_kwh,
    provider_kg as provider_location_based_kg_co2e,
    case when provider_kg is null then null_reason end as provider_null_reason,
    grid_g as grid_g_co2e_per_kwh,
    direct_g as grid_direct_g_co2e_per_kwh,
    country_g as country_direct_g_co2e_per_kwh,
    case when has_implied then provider_kg * 1000e0 / implied_g end as provider_implied_kwh,
    case when has_implied then provider_kg * 1000e0 / case when provider_kg < 0e0 then implied_g_low else implied_g_high end end
        as provider_implied_kwh_low,
    case when has_implied then provider_kg * 1000e0 / case when provider_kg < 0e0 then implied_g_high else implied_g_low end end
        as provider_implied_kwh_high,
    days_held,
    days_in_month,
    ratio,
    gap as gap_kg_co2e,
    gap_timing as gap_timing_kg_co2e,
    gap_boundary as gap_boundary_kg_co2e,
    gap_reserved_idle as gap_reserved_idle_kg_co2e,
    gap_coverage as gap_coverage_kg_co2e,
    gap_grid_factor as gap_grid_factor_kg_co2e,
    case
        when gap_grid_factor is not null and direct_g <> country_g then
            concat(
                'direct factor of our zone (', direct_ref, ', ', round(direct_g, 1), ' g/kWh) ',
                case when gap_grid_factor = 0e0 then 'kept: a larger rest would be left by' else 'replaced by' end,
                ' the average of the country (', country_ref, ', ', round(country_g, 1), ' g/kWh)'
            )
    end as gap_grid_factor_assumption,
    gap_unexplained as gap_unexplained_kg_co2e,
    case
        when coalesce(largest, 0e0) = 0e0 then null
        when abs(gap_unexplained) = largest then 'unexplained'
        when abs(gap_coverage) = largest then 'coverage'
        when abs(gap_timing) = largest then 'timing'
        when abs(gap_reserved_idle) = largest then 'reserved idle'
        when abs(gap_boundary) = largest then 'boundary'
        else 'grid factor (assumed)'
    end as largest_cause,
    verdict,
    nullif(concat_ws(
        '; ',
        case
            when not is_listed and not has_gap then 'the provider has no figures for this month'
            when not is_listed then 'the provider lists nothing here'
            when provider_kg is null then concat('the provider''s scope 2 location-based figure is missing: ', coalesce(null_reason, 'no reason given'))
            when provider_kg = 0e0 then 'the provider shows 0, which is anything below 0.5 g'
            when provider_kg < 0e0 then 'the provider''s figure is negative'
        end,
        case
            when not has_bill_month then 'no bill is loaded for this month'
            when coalesce(lines, 0) = 0 and is_listed then 'the bill has no line here'
            when not is_modelled then 'no line here is estimated'
            when model_kg is null then 'only unused reservations are estimated here'
        end,
        case when gap_timing <> 0e0 then concat('timing: the bill holds ', days_held, ' of ', days_in_month, ' days of this account') end,
        case
            when has_gap and energy_kwh is not null and direct_g is null
                then 'boundary not computed: no direct grid factor is known for this region'
        end,
        case when idle_energy_kwh is not null then concat('reserved idle: ', round(idle_energy_kwh, 3), ' kWh of unused reservations') end,
        'coverage: ' || array_to_string(covered_by_one[1:3], ', ')
        || case when len(covered_by_one) > 3 then concat(' and ', len(covered_by_one) - 3, ' more') else '' end,
        case
            when has_gap and is_modelled and provider_kg is not null and (direct_g is null or country_g is null)
                then 'grid factor not computed: no direct average of the country is known'
        end,
        case
            when provider_kg is null then null
            when provider = 'aws' and not has_implied then 'implied kWh: AWS says that scope 2 does not give energy in this region'
            when not has_implied then 'implied kWh: not defined for this provider'
            when implied_g is null then 'implied kWh: no grid factor is known for this region'
        end
    ), '') as note
from judged
