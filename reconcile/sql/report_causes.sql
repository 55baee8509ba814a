-- The cause that weighs most in the gap of each account and region, months with the same one together.
-- Grain: provider x account x region x cause x verdict. Parameters: since, until.
select
    sub_account_id,
    region_id,
    case when min(usage_month) = max(usage_month) then strftime(min(usage_month), '%Y-%m')
        else concat(strftime(min(usage_month), '%Y-%m'), ' to ', strftime(max(usage_month), '%Y-%m'))
    end as months,
    sum(model_location_based_kg_co2e::decimal(38, 15))::double
    / nullif(sum(provider_location_based_kg_co2e::decimal(38, 15))::double, 0e0) as ratio,
    sum(gap_kg_co2e::decimal(38, 15))::double as gap_kg_co2e,
    largest_cause,
    sum(
        case largest_cause
            when 'timing' then gap_timing_kg_co2e
            when 'boundary' then gap_boundary_kg_co2e
            when 'reserved idle' then gap_reserved_idle_kg_co2e
            when 'coverage' then gap_coverage_kg_co2e
            when 'grid factor (assumed)' then gap_grid_factor_kg_co2e
            when 'unexplained' then gap_unexplained_kg_co2e
        end::decimal(38, 15)
    )::double as cause_kg_co2e,
    verdict
from ledger.reconciliation_provider
where
    grain = 'region'
    and gap_kg_co2e is not null
    and coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
group by provider, sub_account_id, region_id, largest_cause, verdict
order by abs(sum(gap_kg_co2e::decimal(38, 15))) desc, provider, sub_account_id, region_id, min(usage_month)
