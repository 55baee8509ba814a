-- Emissions of each month by the intensity of that month, beside those by the annual factor. Every estimated line comes out once.
-- Grain: month x accounts x service x region x resource kind x usage state. monthly_gap_reason says why a row has no monthly figure.
-- marginal_kg_co2e is what one kWh more or less would have caused: consequential, another question, in no sum with the others.
with in_force as (
    select max(case when key = 'factor_set' then value end) as factor_set from core.setting
),

monthly as (
    select
        charge_month, provider, billing_account_id, sub_account_id, service_name, region_id, resource_kind, usage_state,
        sum(lines)::bigint as lines,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e
    from core.daily_footprint
    where energy_kwh is not null
    group by charge_month, provider, billing_account_id, sub_account_id, service_name, region_id, resource_kind, usage_state
),

placed as (
    select
        t.*,
        f.region_ref,
        c.zone as grid_zone,
        c.boundary as grid_boundary,
        c.g_co2e_per_kwh as grid_g_co2e_per_kwh,
        case when c.boundary = f.grid_boundary then f.grid_g_co2e_per_kwh when c.boundary = 'direct' then f.grid_direct_g_co2e_per_kwh end as annual_g,
        m.zone as marginal_zone,
        m.boundary as marginal_boundary,
        m.g_co2e_per_kwh as marginal_g_co2e_per_kwh
    from monthly as t
    cross join in_force as i
    left join core.site_factor as f
        on f.factor_set = i.factor_set and f.provider = t.provider and f.region_id = t.region_id and f.charge_month = t.charge_month
    left join core.grid_month_choice as c
        on c.signal = 'average' and c.provider = t.provider and c.region_id = t.region_id and c.charge_month = t.charge_month
    left join core.grid_month_choice as m
        on m.signal = 'marginal' and m.provider = t.provider and m.region_id = t.region_id and m.charge_month = t.charge_month
)

select
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
    energy_kwh * grid_g_co2e_per_kwh / 1000e0 as monthly_location_based_kg_co2e,
    case when grid_g_co2e_per_kwh is not null then energy_kwh * annual_g / 1000e0 end as annual_location_based_kg_co2e,
    energy_kwh * (grid_g_co2e_per_kwh - annual_g) / 1000e0 as difference_kg_co2e,
    case
        when region_id is null then 'no region'
        when region_ref is null then 'no grid zone: the region is unknown or several'
        when grid_zone is null then 'no monthly series for the region in this month'
    end as monthly_gap_reason,
    marginal_zone,
    marginal_boundary,
    marginal_g_co2e_per_kwh,
    energy_kwh * marginal_g_co2e_per_kwh / 1000e0 as marginal_kg_co2e
from placed
