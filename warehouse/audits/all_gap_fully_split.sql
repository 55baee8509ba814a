-- The named parts of every gap and its unexplained rest sum to the gap.
select usage_month, sub_account_id, region_id, service_group, gap_kg_co2e
from core.reconciliation_provider
where
    gap_kg_co2e is not null
    and abs(
        coalesce(gap_timing_kg_co2e, 0e0) + coalesce(gap_boundary_kg_co2e, 0e0) + coalesce(gap_reserved_idle_kg_co2e, 0e0)
        + coalesce(gap_coverage_kg_co2e, 0e0) + coalesce(gap_grid_factor_kg_co2e, 0e0)
        + coalesce(gap_unexplained_kg_co2e, 0e0) - gap_kg_co2e
    ) > 1e-9 * greatest(abs(gap_kg_co2e), 1e0)
order by all
