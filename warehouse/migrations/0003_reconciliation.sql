-- What `wattledger reconcile` writes: the three answers held against each other.

create table core.reconciliation_provider (
    usage_month date not null,
    provider varchar not null,
    sub_account_id varchar,
    region_id varchar not null,
    service_group varchar,              -- null on account x region rows
    grain varchar not null,             -- region or service
    model_version varchar,
    model_location_based_kg_co2e double,
    model_location_based_kg_co2e_low double,
    model_location_based_kg_co2e_high double,
    model_energy_kwh double,
    model_reserved_idle_energy_kwh double,
    provider_location_based_kg_co2e double, -- scope 2
    provider_null_reason varchar,
    grid_g_co2e_per_kwh double,
    grid_direct_g_co2e_per_kwh double,
    country_direct_g_co2e_per_kwh double,
    provider_implied_kwh double,
    provider_implied_kwh_low double,
    provider_implied_kwh_high double,
    days_held integer,
    days_in_month integer,
    ratio double,                       -- model over provider
    gap_kg_co2e double,                 -- model minus provider
    gap_timing_kg_co2e double,
    gap_boundary_kg_co2e double,
    gap_reserved_idle_kg_co2e double,
    gap_coverage_kg_co2e double,
    gap_grid_factor_kg_co2e double,     -- assumed, never computed
    gap_grid_factor_assumption varchar,
    gap_unexplained_kg_co2e double,
    largest_cause varchar,
    verdict varchar not null,           -- within_band, model_high, model_low, provider_missing, model_missing
    note varchar
);

create table core.reconciliation_run (
    tool varchar not null,
    run_id varchar not null,
    match_level varchar not null,       -- L1 to L5
    match_reason varchar not null,
    provider varchar,
    sub_account_id varchar,
    region_id varchar,
    resource_id varchar,
    instance_type varchar,
    overlap_start timestamp,
    overlap_end timestamp,
    overlap_h double,
    run_h double,
    billed_h double,
    run_it_energy_kwh double,           -- of the whole run
    tracker_it_energy_kwh double,       -- over the overlap
    model_it_energy_kwh double,         -- the same parts over the overlap
    model_it_energy_kwh_low double,
    model_it_energy_kwh_high double,
    compared_parts varchar,
    ratio double,                       -- tracker over model
    band_low double,
    band_high double,
    effective_cost decimal(38, 12),
    billing_currency varchar,
    grade varchar,
    run_group varchar,
    is_counted boolean not null,
    verdict varchar not null,           -- consistent, tracker_high, tracker_low, not_comparable
    reason varchar not null
);
