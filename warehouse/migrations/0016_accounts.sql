-- The full carbon account beside the location-based figure: market-based, losses of the grid, stress of the water.
-- Sites and rates are derived: they are made again by the next sync or estimate.
-- What units summed to with the rates that go here, until they are restated with those that come: else no older figure could be read.
create table core.kept_sum as
select
    n.unit_id,
    n.generation,
    d.charge_month,
    d.billing_account_id,
    d.sub_account_id,
    s.provider,
    s.service_name,
    s.region_id,
    s.consumed_unit,
    d.billing_currency,
    coalesce(sum(d.lines), 0)::bigint as lines,
    sum(d.consumed_quantity::decimal(38, 15))::double as consumed_quantity,
    sum(d.billed_cost)::decimal(38, 12) as billed_cost,
    sum(d.effective_cost)::decimal(38, 12) as effective_cost,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum(least(d.consumed_quantity * r.energy_kwh_low, d.consumed_quantity * r.energy_kwh_high)::decimal(38, 15))::double
        as energy_kwh_low,
    sum(greatest(d.consumed_quantity * r.energy_kwh_low, d.consumed_quantity * r.energy_kwh_high)::decimal(38, 15))::double
        as energy_kwh_high,
    sum((d.consumed_quantity * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum(
        least(d.consumed_quantity * r.location_based_kg_co2e_low, d.consumed_quantity * r.location_based_kg_co2e_high)
        ::decimal(38, 15)
    )::double as location_based_kg_co2e_low,
    sum(
        greatest(d.consumed_quantity * r.location_based_kg_co2e_low, d.consumed_quantity * r.location_based_kg_co2e_high)
        ::decimal(38, 15)
    )::double as location_based_kg_co2e_high,
    sum((d.consumed_quantity * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
    sum((d.consumed_quantity * r.market_based_kg_co2e)::decimal(38, 15))::double as market_based_kg_co2e
from core.unit as n
left join core.usage_daily as d on d.unit_id = n.unit_id
left join core.sku as s on s.sku_id = d.sku_id
left join core.rate_in_force as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and coalesce(r.usage_state, 'used') = 'used'
where n.table_name = 'usage' and n.generation > 0
group by all;

delete from core.rate;
delete from core.site_factor;

insert or ignore into core.setting values
    ('market_model', 'off'),                        -- provider_claims: what providers claim of their power counts where nothing better does
    ('server_life_years', 'factor_set'),            -- or a number of years
    ('accelerated_server_life_years', 'factor_set');

-- Losses of grids, carbon-free shares, claims and water stress join pue, wue and wcf. A table's checks cannot be altered, so it is made again.
create temp table kept as select * from factors.site_metric;
drop table factors.site_metric;
-- Grain: provider x region x year x metric. factor_id: pue/aws:us-east-1/2024, td_loss/*:iso3:DEU/2023
create table factors.site_metric (
    factor_id varchar primary key,
    provider varchar not null,          -- * for wcf and td_loss: a grid is every provider's
    region_id varchar not null,         -- a region, a geography such as @emea, or * for a fleet or the world; of wcf and td_loss a grid zone
    year integer not null,
    metric varchar not null,            -- pue, wue, wcf, td_loss, cfe_hourly, cfe_annual, market_claim, water_stress
    low double not null,
    central double not null,
    high double not null,
    unit varchar not null,              -- ratio, l/kwh_it, l/kwh, share, gCO2e/kWh, category
    basis varchar not null,             -- region, region_design, geography, fleet, assumption; of a grid zone, or default: the world's
    source varchar not null,
    source_release varchar not null,
    licence varchar not null,
    verification varchar not null,      -- published, stored, secondary, derived, recalled
    note varchar,
    check (
        unit = case metric
            when 'pue' then 'ratio' when 'wue' then 'l/kwh_it' when 'wcf' then 'l/kwh' when 'td_loss' then 'share'
            when 'cfe_hourly' then 'share' when 'cfe_annual' then 'share' when 'market_claim' then 'gCO2e/kWh'
            when 'water_stress' then 'category' else 'no such metric'
        end
    ),
    check (low <= central and central <= high),
    check (
        case metric
            when 'pue' then low >= 1 and high <= 2
            when 'wue' then low >= 0 and high <= 4
            when 'wcf' then low > 0 and high <= 50
            when 'td_loss' then low > 0 and high <= 0.5
            when 'market_claim' then low >= 0 and high <= 1400
            when 'water_stress' then low = high and low in (0, 1, 2, 3, 4)
            else low >= 0 and high <= 1
        end
    ),
    check (licence not in ('', 'unknown') and licence not like '%BY-SA%' and licence not like '%ODbL%')
);
insert into factors.site_metric select * from kept;
drop table kept;

-- Every delivered figure of a provider, and whether it counts. Grain: as core.provider_footprint.
-- Current is the highest model version per payer and month, once: an export stands before an API, and of a figure that two
-- deliveries hold the newest stands.
create view core.provider_delivery as
with delivered as (
    select
        p.*,
        u.loaded_at,
        p.model_version_key = max(p.model_version_key) over (
            partition by p.provider, p.source_kind, p.billing_account_id, p.usage_month
        ) as is_newest_version,
        p.source_kind = max(p.source_kind) over (partition by p.provider, p.billing_account_id, p.usage_month) as is_first_kind,
        p.unit_id = first_value(p.unit_id) over (
            partition by
                p.provider, p.source_kind, p.billing_account_id, p.usage_month, p.model_version_key,
                p.sub_account_id, p.service_name, p.region_id, p.scope, p.method
            order by p.kg_co2e is null, p.refreshed_at desc nulls last, u.loaded_at desc nulls last, p.unit_id
        ) as is_newest_delivery
    from core.provider_footprint as p
    inner join core.unit as u on u.unit_id = p.unit_id
)

select
    * exclude (is_newest_version, is_first_kind, is_newest_delivery),
    coalesce(is_newest_version, true) and coalesce(is_first_kind, true) and is_newest_delivery as is_current
from delivered;

-- The provider's own scope 2 of a region and month, both ways of counting, over the accounts and services that it states both for.
-- Versions of its model are not mixed: of several payers' the highest counts. Grain: provider x region x month.
create view core.provider_month as
with stated as (
    select
        provider, region_id, usage_month as charge_month, model_version_key, model_version,
        billing_account_id, sub_account_id, service_name,
        sum(kg_co2e::decimal(38, 15)) filter (method = 'location_based')::double as location_based_kg_co2e,
        sum(kg_co2e::decimal(38, 15)) filter (method = 'market_based')::double as market_based_kg_co2e
    from core.provider_delivery
    where is_current and scope = 'scope_2' and region_id <> ''
    group by all
),

newest as (
    select *
    from stated
    qualify model_version_key is not distinct from max(model_version_key) over (partition by provider, region_id, charge_month)
)

select
    provider,
    region_id,
    charge_month,
    coalesce(string_agg(distinct model_version, ', ' order by model_version), 'no version stated') as model_version,
    sum(location_based_kg_co2e::decimal(38, 15)) filter (market_based_kg_co2e is not null)::double as location_based_kg_co2e,
    sum(market_based_kg_co2e::decimal(38, 15)) filter (location_based_kg_co2e is not null)::double as market_based_kg_co2e,
    concat('provider/', provider, ':', region_id, '/', strftime(charge_month, '%Y-%m')) as provider_ref
from newest
group by provider, region_id, charge_month;

alter table core.site_factor add column market_g_co2e_per_kwh_low double;
alter table core.site_factor add column market_g_co2e_per_kwh_high double;
alter table core.site_factor add column market_note varchar;                    -- how the factor follows from what
-- What the provider says of the month, whether or not the factor rests on it; null where it says nothing.
alter table core.site_factor add column provider_location_based_kg_co2e double;
alter table core.site_factor add column provider_market_based_kg_co2e double;
alter table core.site_factor add column provider_model_version varchar;
alter table core.site_factor add column td_loss double;                         -- share of the power made that the grid loses
alter table core.site_factor add column td_loss_low double;
alter table core.site_factor add column td_loss_high double;
alter table core.site_factor add column td_loss_year integer;
alter table core.site_factor add column td_loss_resolution varchar;             -- exact, nearest_year, parent_zone, default: the world's
alter table core.site_factor add column td_loss_ref varchar;
alter table core.site_factor add column water_stress_category integer;          -- of the place itself, 0 to 4; null: unknown
alter table core.site_factor add column water_stress_ref varchar;

alter table core.rate add column market_based_kg_co2e_low double;
alter table core.rate add column market_based_kg_co2e_high double;
alter table core.rate add column market_based_gap_reason varchar;               -- why an estimated rate has no market-based figure
-- Emissions of the power that the grid loses on its way: scope 3, category 3, in no total.
alter table core.rate add column td_loss_kg_co2e double;
alter table core.rate add column td_loss_kg_co2e_low double;
alter table core.rate add column td_loss_kg_co2e_high double;

-- The card that counts, with its new columns. Grain: one row per SKU and charge month.
create or replace view core.rate_in_force as
select *
from core.rate
where
    model = (select value from core.setting where key = 'model')
    and factor_set = (select value from core.setting where key = 'factor_set');

-- The figures of the observed share of lines. Grain: line x model x factor set; only lines with observed hours.
create or replace view core.observed_figure as
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
    sum((u.consumed_quantity * l.share * r.market_based_kg_co2e_low)::decimal(38, 15))::double as market_based_kg_co2e_low,
    sum((u.consumed_quantity * l.share * r.market_based_kg_co2e_high)::decimal(38, 15))::double as market_based_kg_co2e_high,
    sum((u.consumed_quantity * l.share * r.td_loss_kg_co2e)::decimal(38, 15))::double as td_loss_kg_co2e,
    sum((u.consumed_quantity * l.share * r.td_loss_kg_co2e_low)::decimal(38, 15))::double as td_loss_kg_co2e_low,
    sum((u.consumed_quantity * l.share * r.td_loss_kg_co2e_high)::decimal(38, 15))::double as td_loss_kg_co2e_high,
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
