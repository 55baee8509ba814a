-- What `wattledger reconcile` writes: the three answers held against each other.

create table core.reconciliation_provider (
    usage_month date not null,
    provider varchar not null,
    sub_account_id varchar,
    region_id varchar,
    service_group varchar,              -- null on account x region rows; the provider's grouping otherwise
    grain varchar not null,             -- region or service
    model_version varchar,
    model_location_based_kg_co2e double,
    model_location_based_kg_co2e_low double,
    model_location_based_kg_co2e_high double,
    model_energy_kwh double,
    provider_location_based_kg_co2e double, -- scope 2, location-based
    provider_implied_kwh double,
    provider_implied_kwh_low double,
    provider_implied_kwh_high double,
    gap_kg_co2e double,                 -- model minus provider
    gap_timing_kg_co2e double,
    gap_boundary_kg_co2e double,
    gap_coverage_kg_co2e double,
    gap_grid_factor_kg_co2e double,     -- assumed, never computed
    gap_grid_factor_assumption varchar,
    gap_unexplained_kg_co2e double,
    verdict varchar,                    -- within_band, model_high, model_low, provider_missing, model_missing
    note varchar
);

create table core.reconciliation_run (
    tool varchar not null,
    run_id varchar not null,
    resource_id varchar,
    match_level varchar not null,       -- L1 to L5
    overlap_start timestamp,
    overlap_end timestamp,
    overlap_h double,
    run_h double,
    billed_h double,
    tracker_it_energy_kwh double,       -- clipped to the overlap
    model_it_energy_kwh double,         -- compute, accelerator and memory over the overlap
    model_it_energy_kwh_low double,
    model_it_energy_kwh_high double,
    ratio double,                       -- tracker over model
    effective_cost decimal(38, 12),
    billing_currency varchar,
    grade varchar,
    verdict varchar,                    -- consistent, tracker_high, tracker_low, not_comparable
    reason varchar
);
