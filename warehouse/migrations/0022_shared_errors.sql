-- What places share an error: a region or zone in all years, in place of each row of the set alone.
-- A publisher's error in one zone stays from year to year. A table's checks cannot be altered, so it is made again.
create temp table kept as select * replace (case scope when 'row' then 'place' else scope end as scope) from factors.uncertainty;
drop table factors.uncertainty;
-- What the error of each leg of the rate card is. Grain: leg x kind. factor_id: uncertainty/cpu/*
create table factors.uncertainty (
    factor_id varchar primary key,
    leg varchar not null,               -- the numbers that go to their low or high end together, e.g. cpu
    kind varchar not null,              -- of coefficients the first part of their key, e.g. storage; * for any other
    scope varchar not null,             -- what shares one error: all, cpu_family, accelerator, account (that pays), coefficient, place
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
    check (scope in ('all', 'cpu_family', 'accelerator', 'account', 'coefficient', 'place')),
    check (distribution in ('lognormal', 'triangular', 'discrete')),
    check ((low_multiplier is null) = (high_multiplier is null)),
    check (low_multiplier is null or (0 <= low_multiplier and low_multiplier <= 1 and 1 <= high_multiplier and high_multiplier <= 20)),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);
insert into factors.uncertainty select * from kept;
drop table kept;
