-- Emissions of each hour by the intensity of that hour, beside those by the annual factor. Every estimated line comes out once.
-- Grain: hour x accounts x service x region x resource kind x usage state; lines of more than an hour are never spread: they are in
-- rows without an hour, by month. hourly_gap_reason says why a row has no hourly figure.
-- marginal_kg_co2e is what one kWh more or less would have caused: consequential, another question, in no sum with the others.
with in_force as (
    select
        max(case when key = 'model' then value end) as model,
        max(case when key = 'factor_set' then value end) as factor_set
    from core.setting
),

line as (
    select
        case
            when u.charge_period_end <= u.charge_period_start + interval 1 hour then date_trunc('hour', u.charge_period_start)
        end as hour_start,
        date_trunc('month', u.charge_period_start)::date as charge_month,
        s.provider,
        u.billing_account_id,
        u.sub_account_id,
        s.service_name,
        s.region_id,
        r.resource_kind,
        r.usage_state,
        /* figures of u with o */
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    cross join in_force as f
    inner join core.rate_in_force as r
        on r.sku_id = u.sku_id
        and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
        and r.energy_kwh is not null
    left join core.observed_figure as o on o.line_id = u.line_id and o.model = f.model and o.factor_set = f.factor_set
    where u.consumed_quantity is not null
),

hourly as (
    select
        hour_start, charge_month, provider, billing_account_id, sub_account_id, service_name, region_id, resource_kind, usage_state,
        count(*) as lines,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e
    from line
    group by
        hour_start, charge_month, provider, billing_account_id, sub_account_id, service_name, region_id, resource_kind, usage_state
),

placed as (
    select
        h.*,
        f.region_ref,
        c.zone as grid_zone,
        c.boundary as grid_boundary,
        g.g_co2e_per_kwh as grid_g_co2e_per_kwh,
        case when c.boundary = f.grid_boundary then f.grid_g_co2e_per_kwh when c.boundary = 'direct' then f.grid_direct_g_co2e_per_kwh end as annual_g,
        m.zone as marginal_zone,
        m.boundary as marginal_boundary,
        n.g_co2e_per_kwh as marginal_g_co2e_per_kwh
    from hourly as h
    cross join in_force as i
    left join core.site_factor as f
        on f.factor_set = i.factor_set and f.provider = h.provider and f.region_id = h.region_id and f.charge_month = h.charge_month
    left join core.grid_hour_choice as c
        on c.signal = 'average'
        and c.provider = h.provider and c.region_id = h.region_id and c.charge_month = h.charge_month
        and h.hour_start is not null
    left join core.grid_hour as g
        on g.zone = c.zone and g.signal = c.signal and g.boundary = c.boundary and g.hour_start = h.hour_start
    left join core.grid_hour_choice as m
        on m.signal = 'marginal'
        and m.provider = h.provider and m.region_id = h.region_id and m.charge_month = h.charge_month
        and h.hour_start is not null
    left join core.grid_hour as n
        on n.zone = m.zone and n.signal = m.signal and n.boundary = m.boundary and n.hour_start = h.hour_start
)

select
    hour_start,
    charge_month,
    provider,
    billing_account_id,
    sub_account_id,
    service_name,
    region_id,
    resource_kind,
    usage_state,
    lines,
    energy_kwh,
    location_based_kg_co2e,
    grid_zone,
    grid_boundary,
    grid_g_co2e_per_kwh,
    annual_g as annual_grid_g_co2e_per_kwh,
    energy_kwh * grid_g_co2e_per_kwh / 1000e0 as hourly_location_based_kg_co2e,
    case when grid_g_co2e_per_kwh is not null then energy_kwh * annual_g / 1000e0 end as annual_location_based_kg_co2e,
    energy_kwh * (grid_g_co2e_per_kwh - annual_g) / 1000e0 as difference_kg_co2e,
    case
        when hour_start is null then 'charge period of more than an hour'
        when region_id is null then 'no region'
        when region_ref is null then 'no grid zone: the region is unknown or several'
        when grid_zone is null then 'no hourly series for the region in this month'
        when grid_g_co2e_per_kwh is null then 'no value for this hour'
    end as hourly_gap_reason,
    marginal_zone,
    marginal_boundary,
    marginal_g_co2e_per_kwh,
    energy_kwh * marginal_g_co2e_per_kwh / 1000e0 as marginal_kg_co2e
from placed
