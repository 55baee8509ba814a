-- What the factors of each place and month share: a region or zone of the factor set, whose error is one in all years.
-- Grain: provider x region x month x kind, what it multiplies. Reads: core.site_factor, core.setting, factors.uncertainty.
-- log_down null beside a factor above zero: its low end is zero. A place of several regions is a place of its own.
-- A market-based factor that is a share of the grid factor errs as the grid does.
with site as (
    select
        f.*,
        concat(f.provider, ':', f.region_id) as place,
        f.market_accounting in ('provider_figure', 'cfe_model') as is_share_of_grid
    from core.site_factor as f
    inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
),

factor as (
    select
        provider, region_id, charge_month, 'pue' as kind, 'pue' as leg, coalesce(pue_ref, place) as ref,
        pue as central, pue_low as low, pue_high as high
    from site
    union all
    select
        provider, region_id, charge_month, 'grid', 'grid', coalesce(grid_ref, place),
        grid_g_co2e_per_kwh, grid_g_co2e_per_kwh_low, grid_g_co2e_per_kwh_high
    from site
    union all
    select
        provider, region_id, charge_month, 'market',
        case when is_share_of_grid then 'grid' else 'market' end,
        coalesce(case when is_share_of_grid then grid_ref else market_ref end, place),
        market_g_co2e_per_kwh, market_g_co2e_per_kwh_low, market_g_co2e_per_kwh_high
    from site
    union all
    select -- what is lost over what is delivered
        provider, region_id, charge_month, 'td_loss', 'td_loss', coalesce(td_loss_ref, place),
        td_loss / (1e0 - td_loss), td_loss_low / (1e0 - td_loss_low), td_loss_high / (1e0 - td_loss_high)
    from site
    union all
    select
        provider, region_id, charge_month, 'wue', 'wue', coalesce(wue_ref, place),
        wue_l_per_kwh_it, wue_l_per_kwh_it_low, wue_l_per_kwh_it_high
    from site
    union all
    select
        provider, region_id, charge_month, 'wcf', 'wcf', coalesce(wcf_ref, place), wcf_l_per_kwh, wcf_l_per_kwh_low, wcf_l_per_kwh_high
    from site
),

placed as ( -- grid/iso3:DEU/2024/lifecycle and that of 2025 are one
    select f.*, regexp_replace(f.ref, '/\d{4}.*$', '') as place
    from factor as f
    where f.central > 0e0
),

known as (
    select
        p.provider, p.region_id, p.charge_month, p.kind, p.leg,
        case
            when coalesce(u.scope, 'all') = 'all' then p.leg
            when starts_with(p.place, concat(p.leg, '/')) then p.place -- a row's id names its metric already
            else concat(p.leg, '/', p.place)
        end as leg_group,
        coalesce(u.distribution, 'lognormal') as distribution,
        case when coalesce(p.low, p.central) > 0e0 then round(ln(least(coalesce(p.low, p.central) / p.central, 1e0)), 3) end as log_down,
        round(ln(greatest(coalesce(p.high, p.central) / p.central, 1e0)), 3) as log_up
    from placed as p
    left join factors.uncertainty as u on u.leg = p.leg and u.kind = '*'
)

select
    provider, region_id, charge_month, kind, leg, leg_group, distribution, log_down, log_up,
    dense_rank() over (order by leg, leg_group, distribution, log_down, log_up)::integer - 1 as factor_class
from known
