-- Water of a rate, and energy that stays where the grid has no factor.
-- Sites and rates are derived: they are made again by the next sync or estimate.
delete from core.rate;
delete from core.site_factor;

-- The metric wcf joins pue and wue: water that a kWh from the grid took. A table's checks cannot be altered, so it is made again.
create temp table kept as select * from factors.site_metric;
drop table factors.site_metric;
-- Grain: provider x region x year x metric. factor_id: pue/aws:us-east-1/2024, wcf/*:iso3:DEU/2020
create table factors.site_metric (
    factor_id varchar primary key,
    provider varchar not null,          -- * for wcf: a grid is every provider's
    region_id varchar not null,         -- a region, a geography such as @emea, or * for the provider's fleet; of wcf a grid zone
    year integer not null,
    metric varchar not null,            -- pue, wue, wcf
    low double not null,
    central double not null,
    high double not null,
    unit varchar not null,              -- ratio, l/kwh_it, l/kwh
    basis varchar not null,             -- region, region_design, geography, fleet, assumption; of wcf zone, or default: the world's
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,      -- published, stored, derived, recalled
    note varchar,
    check (metric in ('pue', 'wue', 'wcf')),
    check (unit = case metric when 'pue' then 'ratio' when 'wue' then 'l/kwh_it' else 'l/kwh' end),
    check (low <= central and central <= high),
    check (case metric when 'pue' then low >= 1 and high <= 2 when 'wue' then low >= 0 and high <= 4 else low > 0 and high <= 50 end),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);
insert into factors.site_metric select * from kept;
drop table kept;

-- Water of the site; where a factor is missing it is null and water_gap_reason says which.
alter table core.site_factor add column wue_l_per_kwh_it double;        -- at the site, per kWh of IT energy
alter table core.site_factor add column wue_l_per_kwh_it_low double;
alter table core.site_factor add column wue_l_per_kwh_it_high double;
alter table core.site_factor add column wue_year integer;
alter table core.site_factor add column wue_resolution varchar;         -- exact, nearest_year, parent_zone, fleet
alter table core.site_factor add column wue_ref varchar;
alter table core.site_factor add column wcf_l_per_kwh double;           -- where the power is made, per kWh at the meter
alter table core.site_factor add column wcf_l_per_kwh_low double;
alter table core.site_factor add column wcf_l_per_kwh_high double;
alter table core.site_factor add column wcf_year integer;
alter table core.site_factor add column wcf_resolution varchar;         -- exact, nearest_year, parent_zone, default: the world average
alter table core.site_factor add column wcf_ref varchar;
alter table core.site_factor add column water_gap_reason varchar;

-- water_l is the sum of its two parts and null where one of them is.
alter table core.rate add column location_based_gap_reason varchar;     -- why an estimated rate has energy and no emissions
alter table core.rate add column water_onsite_l double;
alter table core.rate add column water_onsite_l_low double;
alter table core.rate add column water_onsite_l_high double;
alter table core.rate add column water_offsite_l double;
alter table core.rate add column water_offsite_l_low double;
alter table core.rate add column water_offsite_l_high double;
alter table core.rate add column water_l_low double;
alter table core.rate add column water_l_high double;
alter table core.rate add column water_resolution varchar;              -- the weaker of the water factors
alter table core.rate add column water_gap_reason varchar;

-- The card that counts: its model and factor set are those of core.setting. Grain: one row per SKU and charge month.
create or replace view core.rate_in_force as
select *
from core.rate
where
    model = (select value from core.setting where key = 'model')
    and factor_set = (select value from core.setting where key = 'factor_set');

-- The figures of the observed share of lines. Grain: line x model x factor set; only lines with observed hours.
create view core.observed_figure as
select
    l.line_id,
    r.model,
    r.factor_set,
    1e0 - sum(l.share::decimal(38, 15))::double as default_share,
    sum(l.share::decimal(38, 15)) filter (r.it_energy_kwh is not null)::double as observed_share,
    coalesce(sum(l.share::decimal(38, 15)) filter (r.quality = 2)::double, 0e0) as measured_share,
    sum((u.consumed_quantity * l.share * r.compute_it_energy_kwh)::decimal(38, 15))::double as compute_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.accelerator_it_energy_kwh)::decimal(38, 15))::double as accelerator_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.memory_it_energy_kwh)::decimal(38, 15))::double as memory_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.storage_it_energy_kwh)::decimal(38, 15))::double as storage_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.network_it_energy_kwh)::decimal(38, 15))::double as network_it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.it_energy_kwh)::decimal(38, 15))::double as it_energy_kwh,
    sum((u.consumed_quantity * l.share * r.it_energy_kwh_low)::decimal(38, 15))::double as it_energy_kwh_low,
    sum((u.consumed_quantity * l.share * r.it_energy_kwh_high)::decimal(38, 15))::double as it_energy_kwh_high,
    sum((u.consumed_quantity * l.share * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum((u.consumed_quantity * l.share * r.energy_kwh_low)::decimal(38, 15))::double as energy_kwh_low,
    sum((u.consumed_quantity * l.share * r.energy_kwh_high)::decimal(38, 15))::double as energy_kwh_high,
    sum((u.consumed_quantity * l.share * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum((u.consumed_quantity * l.share * r.location_based_kg_co2e_low)::decimal(38, 15))::double as location_based_kg_co2e_low,
    sum((u.consumed_quantity * l.share * r.location_based_kg_co2e_high)::decimal(38, 15))::double as location_based_kg_co2e_high,
    sum((u.consumed_quantity * l.share * r.market_based_kg_co2e)::decimal(38, 15))::double as market_based_kg_co2e,
    sum((u.consumed_quantity * l.share * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
    sum((u.consumed_quantity * l.share * r.embodied_kg_co2e_low)::decimal(38, 15))::double as embodied_kg_co2e_low,
    sum((u.consumed_quantity * l.share * r.embodied_kg_co2e_high)::decimal(38, 15))::double as embodied_kg_co2e_high,
    sum((u.consumed_quantity * l.share * r.water_onsite_l)::decimal(38, 15))::double as water_onsite_l,
    sum((u.consumed_quantity * l.share * r.water_offsite_l)::decimal(38, 15))::double as water_offsite_l,
    sum((u.consumed_quantity * l.share * r.water_l)::decimal(38, 15))::double as water_l,
    sum((u.consumed_quantity * l.share * r.water_l_low)::decimal(38, 15))::double as water_l_low,
    sum((u.consumed_quantity * l.share * r.water_l_high)::decimal(38, 15))::double as water_l_high
from core.line_load as l
inner join core.usage as u on u.line_id = l.line_id
inner join core.rate as r
    on r.sku_id = l.sku_id
    and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
group by l.line_id, r.model, r.factor_set;
