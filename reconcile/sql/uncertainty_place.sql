-- What the factors of each place and month share: rows of the factor set, each with an error of its own.
-- Grain: provider x region x month. Reads: core.site_factor, core.setting, factors.uncertainty.
-- log_..._down null beside a factor above zero: its low end is zero. A place of several regions is a row of its own.
with site as (
    select f.*, concat(f.provider, ':', f.region_id) as place
    from core.site_factor as f
    inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
),

leg as (
    select provider, region_id, charge_month, 'pue' as leg, coalesce(pue_ref, place) as factor, pue as central, pue_low as low, pue_high as high
    from site
    union all
    select
        provider, region_id, charge_month, 'grid', coalesce(grid_ref, place),
        grid_g_co2e_per_kwh, grid_g_co2e_per_kwh_low, grid_g_co2e_per_kwh_high
    from site
    union all
    select
        provider, region_id, charge_month, 'wue', coalesce(wue_ref, place), wue_l_per_kwh_it, wue_l_per_kwh_it_low, wue_l_per_kwh_it_high
    from site
    union all
    select provider, region_id, charge_month, 'wcf', coalesce(wcf_ref, place), wcf_l_per_kwh, wcf_l_per_kwh_low, wcf_l_per_kwh_high
    from site
),

known as (
    select
        l.provider, l.region_id, l.charge_month, l.leg,
        case
            when coalesce(u.scope, 'all') = 'all' then l.leg
            when starts_with(l.factor, concat(l.leg, '/')) then l.factor -- a row's id names its metric already
            else concat(l.leg, '/', l.factor)
        end as leg_group,
        coalesce(u.distribution, 'lognormal') as distribution,
        case when coalesce(l.low, l.central) > 0e0 then round(ln(least(coalesce(l.low, l.central) / l.central, 1e0)), 3) end as log_down,
        round(ln(greatest(coalesce(l.high, l.central) / l.central, 1e0)), 3) as log_up
    from leg as l
    left join factors.uncertainty as u on u.leg = l.leg and u.kind = '*'
    where l.central > 0e0
)

select
    provider, region_id, charge_month, leg, leg_group, distribution, log_down, log_up,
    dense_rank() over (order by leg, leg_group, distribution, log_down, log_up)::integer - 1 as factor_class
from known
