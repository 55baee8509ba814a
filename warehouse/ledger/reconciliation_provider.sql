-- The model against the provider's own figures, location-based with location-based (scope 2).
-- Grain: month x account x region, and month x account x region x service where the provider has services (column grain).
-- Filled by `wattledger reconcile`. gap = model minus provider; its parts and the unexplained rest sum to it.
select
    usage_month,
    provider,
    sub_account_id,
    region_id,
    service_group,
    grain,
    model_version,
    model_location_based_kg_co2e,
    model_location_based_kg_co2e_low,
    model_location_based_kg_co2e_high,
    model_energy_kwh,
    provider_location_based_kg_co2e,
    provider_implied_kwh,
    provider_implied_kwh_low,
    provider_implied_kwh_high,
    gap_kg_co2e,
    gap_timing_kg_co2e,
    gap_boundary_kg_co2e,
    gap_coverage_kg_co2e,
    gap_grid_factor_kg_co2e,
    gap_grid_factor_assumption,
    gap_unexplained_kg_co2e,
    verdict,
    note
from core.reconciliation_provider
