-- Every account of the carbon side by side, never summed: what is counted, in which scope of the provider, and how far it reaches.
-- Grain: provider x account x how it is counted. Parameters: since, until. Of lines in use; the ends are summed as fully correlated.
with used as (
    select
        d.*,
        case when d.market_based_kg_co2e is null then 'none' else f.market_accounting end as market_accounting,
        case when d.td_loss_kg_co2e is null then 'none' else f.td_loss_resolution end as td_loss_resolution
    from core.daily_footprint as d
    left join core.site_factor as f
        on f.factor_set = d.factor_set
        and f.provider = d.provider
        and f.region_id = d.region_id
        and f.charge_month = d.charge_month
    where
        d.usage_state = 'used'
        and coalesce(d.period_date >= $since::date, true)
        and coalesce(d.period_date < $until::date, true)
),

account as (
    select
        1 as position, provider, 'location-based' as account, 'scope 2' as scope_of_provider, grid_boundary as counted_by, energy_kwh,
        location_based_kg_co2e as kg, location_based_kg_co2e_low as kg_low, location_based_kg_co2e_high as kg_high
    from used
    union all
    select
        2, provider, 'market-based', 'scope 2', market_accounting, energy_kwh,
        market_based_kg_co2e, market_based_kg_co2e_low, market_based_kg_co2e_high
    from used
    union all
    select
        3, provider, 'losses of the grid', 'scope 3, category 3', td_loss_resolution, energy_kwh,
        td_loss_kg_co2e, td_loss_kg_co2e_low, td_loss_kg_co2e_high
    from used
    union all
    select
        4, provider, 'embodied', 'scope 3', method, energy_kwh,
        embodied_kg_co2e, embodied_kg_co2e_low, embodied_kg_co2e_high
    from used
)

select
    provider,
    account,
    scope_of_provider,
    counted_by,
    sum(kg::decimal(38, 15))::double as kg_co2e,
    sum(kg_low::decimal(38, 15))::double as kg_co2e_low,
    sum(kg_high::decimal(38, 15))::double as kg_co2e_high,
    sum(energy_kwh::decimal(38, 15)) filter (kg is not null)::double as energy_kwh,
    sum(energy_kwh::decimal(38, 15)) filter (kg is null)::double as energy_without_kwh
from account
group by position, provider, account, scope_of_provider, counted_by
order by provider, position, counted_by
