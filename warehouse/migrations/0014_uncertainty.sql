-- How errors are shared, and the legs of every range, so that totals can be simulated.

-- What the error of each leg of the rate card is. Grain: leg x kind. factor_id: uncertainty/cpu/*
create table factors.uncertainty (
    factor_id varchar primary key,
    leg varchar not null,               -- the numbers that go to their low or high end together, e.g. cpu
    kind varchar not null,              -- of coefficients the first part of their key, e.g. storage; * for any other
    scope varchar not null,             -- what shares one error: all, cpu_family, accelerator, account, coefficient, row
    distribution varchar not null,      -- lognormal, triangular, discrete: see docs/method.md
    low_multiplier double,              -- what the evidence says, over the central value; null where nothing is published
    high_multiplier double,
    evidence varchar not null,
    evidence_n integer,                 -- how many measurements or comparisons are behind it
    narrowed_by varchar not null,       -- what would make it smaller, as a sentence
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,      -- stored, estimate
    note varchar,
    check (scope in ('all', 'cpu_family', 'accelerator', 'account', 'coefficient', 'row')),
    check (distribution in ('lognormal', 'triangular', 'discrete')),
    check ((low_multiplier is null) = (high_multiplier is null)),
    check (low_multiplier is null or (0 <= low_multiplier and low_multiplier <= 1 and 1 <= high_multiplier and high_multiplier <= 20)),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);

-- The legs behind the range of one physical unit. Grain: model x factor set x basis x figure x leg that moves it.
-- low = central x exp(-sqrt(sum of log_down^2)), high likewise. Legs of the site are in core.site_factor.
create table core.rate_leg (
    model varchar not null,
    factor_set varchar not null,
    basis varchar not null,             -- core.rate_input.basis
    figure varchar not null,            -- it_energy, embodied
    leg varchar not null,
    leg_group varchar not null,         -- what shares one error, e.g. cpu/ice-lake-sp
    scope varchar not null,             -- account: each account has an error of its own
    distribution varchar not null,
    log_down double,                    -- log of the figure at its low end over central, at most 0; null: the low end is zero
    log_up double not null,             -- at least 0
    primary key (model, factor_set, basis, figure, leg)
);
