-- The gap of each account and region in its parts, in the order of the table above it. Parameters: since, until.
select
    usage_month,
    sub_account_id,
    region_id,
    gap_kg_co2e,
    gap_timing_kg_co2e,
    gap_boundary_kg_co2e,
    gap_reserved_idle_kg_co2e,
    gap_coverage_kg_co2e,
    gap_grid_factor_kg_co2e,
    gap_unexplained_kg_co2e
from ledger.reconciliation_provider
where
    grain = 'region'
    and coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
order by usage_month, abs(gap_kg_co2e) desc nulls last, provider, sub_account_id, region_id
