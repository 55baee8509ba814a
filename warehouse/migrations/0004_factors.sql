-- The factor set: what every estimate rests on. Filled by `models/factor_set.py` from models/factors/*.csv.
-- factor_id names a row in every reference and message. Values that are not known are null, never 0.
-- low and high are the 90 % interval where the column says nothing else.
-- A value that cannot be is refused here: out of its unit's range (a slip by a thousand or a million), low above high,
-- a blank licence, or one that would bind whoever passes the set on (share-alike).

-- Which files make up the set. Grain: one row per file.
create table factors.factor_set (
    name varchar not null,
    version varchar not null,
    valid_from date not null,
    built_on date not null,
    digest varchar not null,            -- SHA-256 over the files' own SHA-256, the same on every row
    file varchar not null,
    sha256 varchar not null,
    row_count bigint not null,
    primary key (name, version, file)
);

-- Grain: provider x region. factor_id: region/aws:us-east-1
create table factors.region (
    factor_id varchar primary key,
    provider varchar not null,          -- aws, azure, gcp
    region_id varchar not null,
    name varchar not null,
    aliases varchar,                    -- separated by |; scoped to the provider, exact match without case
    short_codes varchar,                -- separated by |; exact match only
    status varchar not null,            -- open, restricted, retired, announced
    country_iso3 varchar not null,
    geography varchar,                  -- region_id of the provider's PUE averages in site_metric, e.g. @emea
    grid_chain varchar not null,        -- scheme:zone links, best known first, separated by >
    source varchar not null,
    licence varchar not null,
    confidence varchar not null, -- high, medium, low
    check (grid_chain <> ''),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- Grain: provider x region x year x metric. factor_id: pue/aws:us-east-1/2024
create table factors.site_metric (
    factor_id varchar primary key,
    provider varchar not null,
    region_id varchar not null,         -- a region, a geography such as @emea, or * for the provider's fleet
    year integer not null,
    metric varchar not null,            -- pue, wue
    low double not null,
    central double not null,
    high double not null,
    unit varchar not null,              -- ratio, l/kwh_it
    basis varchar not null,             -- region, region_design, geography, fleet, assumption
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,      -- published, stored, derived, recalled
    note varchar,
    check (metric in ('pue', 'wue') and unit = case metric when 'pue' then 'ratio' else 'l/kwh_it' end),
    check (low <= central and central <= high),
    check (case metric when 'pue' then low >= 1 and high <= 2 else low >= 0 and high <= 4 end),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- Grain: zone x year x boundary x accounting. factor_id: grid/egrid_subregion:SRVC/2023/direct
create table factors.grid_intensity (
    factor_id varchar primary key,
    zone_scheme varchar not null,       -- iso3, iso3166-2, egrid_subregion, official_national, utility
    zone varchar not null,
    country_iso3 varchar not null,
    covers varchar not null,            -- country or part of it
    year integer not null,
    low_g_co2e_per_kwh double not null,
    central_g_co2e_per_kwh double not null,
    high_g_co2e_per_kwh double not null,
    boundary varchar not null,          -- lifecycle or direct
    flow varchar not null,              -- production or consumption
    accounting varchar not null,        -- location_average
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,      -- stored, derived, inferred_year, secondary, recalled; recalled is never a default
    note varchar,
    check (boundary in ('lifecycle', 'direct') and covers in ('country', 'part')),
    check (low_g_co2e_per_kwh <= central_g_co2e_per_kwh and central_g_co2e_per_kwh <= high_g_co2e_per_kwh),
    check (low_g_co2e_per_kwh >= 0 and central_g_co2e_per_kwh > 0 and central_g_co2e_per_kwh <= 1400 and high_g_co2e_per_kwh <= 2000),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- Grain: CPU microarchitecture. Watts at the wall, whole server, per hardware thread. factor_id: cpu_power/skylake-sp
create table factors.cpu_power (
    factor_id varchar primary key,
    microarch varchar not null,
    vendor varchar not null,
    isa varchar not null,
    threads_per_core integer not null,
    idle_w_per_thread_low double not null,
    idle_w_per_thread double not null,
    idle_w_per_thread_high double not null,
    full_w_per_thread_low double not null,
    full_w_per_thread double not null,
    full_w_per_thread_high double not null,
    curve_f10 double not null,          -- share of the idle-to-full range at 10 % load
    curve_f50 double not null,          -- and at 50 %
    gb_per_chip double not null,        -- memory that the watts already contain, GiB per package
    cores_per_chip double not null,     -- of the typical package
    tdp_w double,                       -- of the typical package; null for pooled rows
    year integer not null,              -- of the snapshot
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,      -- published, estimate
    curve_source varchar not null,
    note varchar,
    check (idle_w_per_thread_low <= idle_w_per_thread and idle_w_per_thread <= idle_w_per_thread_high),
    check (full_w_per_thread_low <= full_w_per_thread and full_w_per_thread <= full_w_per_thread_high),
    check (0.01 <= idle_w_per_thread_low and idle_w_per_thread < full_w_per_thread and full_w_per_thread_high <= 50),
    check (0 < curve_f10 and curve_f10 < curve_f50 and curve_f50 < 1),
    check (threads_per_core between 1 and 8 and cores_per_chip between 1 and 1000 and gb_per_chip between 1 and 4096),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- Grain: accelerator as clouds count it (half a board for dual-GPU boards). factor_id: accelerator_power/NVIDIA H100 SXM5
create table factors.accelerator_power (
    factor_id varchar primary key,
    accelerator varchar not null,
    vendor varchar not null,
    kind varchar not null,              -- gpu, tpu, asic, fpga
    memory_gb double,
    tdp_w double,
    idle_w_low double not null,
    idle_w double not null,
    idle_w_high double not null,
    busy_w_low double not null,
    busy_w double not null,
    busy_w_high double not null,
    node_overhead_key varchar not null, -- factors.coefficient.key: W beside each accelerator (fans, switch, NICs)
    embodied_kg_co2e_low double not null,
    embodied_kg_co2e double not null,
    embodied_kg_co2e_high double not null,
    embodied_basis varchar not null,
    year integer not null,
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    check (idle_w_low <= idle_w and idle_w <= idle_w_high and busy_w_low <= busy_w and busy_w <= busy_w_high),
    check (0 < idle_w_low and idle_w < busy_w and busy_w_high <= 3000),
    check (0 < embodied_kg_co2e_low and embodied_kg_co2e_low <= embodied_kg_co2e),
    check (embodied_kg_co2e <= embodied_kg_co2e_high and embodied_kg_co2e_high <= 2000),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- Grain: provider x instance type; parts only, watts are computed. factor_id: instance/aws:m5.large
create table factors.instance (
    factor_id varchar primary key,
    provider varchar not null,
    instance_type varchar not null,
    family varchar not null,
    category varchar not null,
    vcpu double not null,
    memory_gib double not null,
    isa varchar not null,
    vcpu_is varchar not null,           -- thread or core: what one vCPU is
    microarch varchar not null,         -- factors.cpu_power.microarch
    host_vcpu double not null,          -- vCPUs of the whole host
    host_memory_gib double not null,
    host_sockets double not null,
    accelerator varchar,                -- factors.accelerator_power.accelerator; null without one
    accelerator_count double not null,  -- may be a fraction of a board
    local_ssd_gb double not null,
    year integer not null,
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,      -- high, medium, low confidence
    note varchar,
    check (0 < vcpu and vcpu <= host_vcpu and host_vcpu <= 4096 and host_sockets between 1 and 64),
    check (0 < memory_gib and memory_gib <= host_memory_gib and host_memory_gib <= 65536),
    check (vcpu_is in ('thread', 'core') and (accelerator is null) = (accelerator_count = 0)),
    check (accelerator_count between 0 and 128 and local_ssd_gb between 0 and 500000),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- Grain: key. factor_id: coefficient/memory.power_active
create table factors.coefficient (
    factor_id varchar primary key,
    key varchar not null,
    scope varchar not null,             -- what it applies to
    low double not null,
    central double not null,
    high double not null,
    unit varchar not null,
    distribution varchar not null,      -- triangular, lognormal, none
    year integer not null,
    source_low varchar,
    source varchar not null,            -- of the central value
    source_high varchar,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,
    note varchar,
    check (low <= central and central <= high and low >= 0 and central > 0),
    check ( -- an unknown unit is refused too
        high <= case unit
            when 'Wh/TB-h' then 10 when 'W/GiB' then 5 when 'W/accelerator' then 500 when 'kWh/GB' then 0.1
            when 'kWh/GB-h' then 0.01 when 'kWh/vCPU-h' then 0.1 when 'kgCO2e' then 10000 when 'kgCO2e/GB' then 10
            when 'percent' then 100 when 'share' then 1 when 'ratio' then 5 when 'copies' then 12 when 'vCPU/GiB' then 4
            when 'years' then 20 else -1
        end
    ),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);
