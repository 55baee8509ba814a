-- The rate card and what it rests on. Filled by `models`; every figure is per unit of consumed_quantity.

-- What each distinct SKU key is. One row per SKU; rules are models/factors/rules.csv, their columns explained there.
create table core.sku_class (
    sku_id bigint primary key,
    rule_id varchar not null,           -- the first rule that matched
    disposition varchar not null,       -- estimated, out_of_scope, unmodelled
    gap_reason varchar,                 -- why it is not estimated
    usage_state varchar,                -- used, reserved_idle; null unless estimated
    resource_kind varchar,              -- compute, database, storage, network, serverless
    method varchar,                     -- instance_curve, dedicated_host, cpu_surplus, coefficient
    hardware varchar,                   -- instance type or family that a machine method rests on
    machines double,                    -- machines per billed one, e.g. 2 for a primary with its standby
    energy_part varchar,                -- which part of the energy a coefficient gives
    coefficient_key varchar,            -- factors.coefficient.key of the energy per physical unit
    share_key varchar,                  -- and of its multipliers; null where none applies
    overhead_key varchar,
    replication_key varchar,
    physical_unit varchar,              -- instance_h, host_h, vcpu_h, gb_h, gb
    conversion varchar,                 -- from consumed_quantity to it: one, gb_month, gb_second
    basis varchar                       -- what the energy of one physical unit rests on: the key of core.rate_input
);

-- Facility and grid of a region in a month, resolved once.
create table core.site_factor (
    factor_set varchar not null,
    provider varchar not null,
    region_id varchar not null,
    charge_month date not null,
    region_ref varchar,                 -- the row that places the region on its grid; null where the set knows no such region
    pue double, pue_low double, pue_high double,
    pue_resolution varchar,             -- exact, nearest_year, parent_zone (its geography), fleet, default
    pue_year integer,                   -- that the PUE describes
    pue_ref varchar,                    -- the factor row it came from
    grid_zone varchar,                  -- scheme:zone, e.g. egrid_subregion:SRVC
    grid_year integer,                  -- that the grid factor describes
    grid_g_co2e_per_kwh double, grid_g_co2e_per_kwh_low double, grid_g_co2e_per_kwh_high double,
    grid_boundary varchar,              -- lifecycle
    grid_resolution varchar,            -- exact, nearest_year, parent_zone (a later link of the region's chain)
    grid_basis varchar,                 -- published; derived: a direct factor x its country's lifecycle over direct
    grid_note varchar,                  -- the derivation with its numbers
    grid_ref varchar,
    grid_stated_g_co2e_per_kwh double,  -- as the row of grid_ref states it
    grid_lifecycle_per_direct double,   -- what it was multiplied by; null where published
    grid_ratio_lifecycle_ref varchar,
    grid_ratio_direct_ref varchar,
    grid_direct_g_co2e_per_kwh double,  -- same zone, direct combustion; null where none exists
    grid_direct_ref varchar,
    country_direct_g_co2e_per_kwh double, -- the national average, direct; for `assumed` gap terms only
    country_direct_ref varchar,
    gap_reason varchar,
    primary key (factor_set, provider, region_id, charge_month)
);

create table core.rate (
    model varchar not null,
    factor_set varchar not null,
    sku_id bigint not null,
    charge_month date not null,
    rule_id varchar not null,
    disposition varchar not null,
    gap_reason varchar,
    usage_state varchar,
    resource_kind varchar,
    method varchar,                     -- e.g. instance_curve, coefficient
    quality tinyint,                    -- 1 measured ... 5 spend proxy
    factor_resolution varchar,          -- the weakest of the factors used
    physical_unit varchar,
    physical_per_unit double,           -- physical quantity per unit of consumed_quantity
    machines double,                    -- machines per billed one
    basis varchar,                      -- core.rate_input.basis
    compute_it_energy_kwh double,
    accelerator_it_energy_kwh double,
    memory_it_energy_kwh double,
    storage_it_energy_kwh double,
    network_it_energy_kwh double,
    it_energy_kwh double, it_energy_kwh_low double, it_energy_kwh_high double,
    pue double, pue_low double, pue_high double,
    energy_kwh double, energy_kwh_low double, energy_kwh_high double,
    grid_g_co2e_per_kwh double, grid_g_co2e_per_kwh_low double, grid_g_co2e_per_kwh_high double,
    grid_boundary varchar,
    grid_direct_g_co2e_per_kwh double,
    location_based_kg_co2e double, location_based_kg_co2e_low double, location_based_kg_co2e_high double,
    market_based_kg_co2e double,        -- null: no instrument or supplier factor is configured
    embodied_kg_co2e double, embodied_kg_co2e_low double, embodied_kg_co2e_high double,
    water_l double,                     -- null: no water model in this factor set
    primary key (model, factor_set, sku_id, charge_month)
);

-- The card that counts: its model and factor set are those of core.setting. Grain: one row per SKU and charge month.
create view core.rate_in_force as
select *
from core.rate
where
    model = (select value from core.setting where key = 'model')
    and factor_set = (select value from core.setting where key = 'factor_set');

-- Every number behind the IT energy and embodied carbon of one physical unit, and the factor rows they come from.
-- Many rates rest on few of these; the numbers of the site are in core.site_factor.
create table core.rate_input (
    model varchar not null,
    factor_set varchar not null,
    basis varchar not null,             -- e.g. instance_curve/aws:m5.large/used, coefficient/storage.ssd/...
    inputs json not null,
    factor_refs varchar[] not null,     -- factor_id
    primary key (model, factor_set, basis)
);
