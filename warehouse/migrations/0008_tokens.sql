-- Coefficients can be given per 1,000 tokens of a language model. A check cannot be changed in place: the table is made again.
create temp table kept_coefficient as select * from factors.coefficient;
drop table factors.coefficient;
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
            when 'years' then 20 when 'kWh/kilotoken' then 1 else -1
        end
    ),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);
insert into factors.coefficient by name select * from kept_coefficient;
drop table kept_coefficient;
