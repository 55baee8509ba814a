-- How the figures came to be. Grain: statement. Parameters: since, until.
with used as (
    select provider, region_id, charge_month, method, quality, grid_boundary, factor_resolution, sum(lines) as lines
    from core.daily_footprint
    where
        disposition = 'estimated'
        and coalesce(period_date >= $since::date, true)
        and coalesce(period_date < $until::date, true)
    group by all
),

statement as (
    select 1 as place, 'model' as what, value, null::bigint as lines from core.setting where key = 'model'
    union all
    select 2, 'factor_set', value, null from core.setting where key = 'factor_set'
    union all
    select 3, 'grid_boundary', grid_boundary, sum(lines)::bigint from used group by grid_boundary
    union all
    select 4, 'method', method, sum(lines)::bigint from used group by method
    union all
    select
        5,
        'quality',
        ['1 measured power', '2 modelled, observed utilisation', '3 modelled, default utilisation', '4 coefficient', '5 spend proxy'][quality],
        sum(lines)::bigint
    from used
    group by quality
    union all
    select 6, 'weakest factor', factor_resolution, sum(lines)::bigint from used group by factor_resolution
    union all
    select -- what two publishers say differently of the same place and year: both, where they are more than 15 % apart
        7,
        'grid disputed',
        concat(
            f.provider, ' ', f.region_id, ': ', round(f.grid_alternative_beside_g_co2e_per_kwh, 1), ' here, ',
            round(f.grid_alternative_g_co2e_per_kwh, 1), ' g/kWh by another publisher (', f.grid_alternative_note, '): ',
            round(f.grid_alternative_ratio, 2), ' x'
        ),
        sum(u.lines)::bigint
    from used as u
    inner join core.site_factor as f
        on f.factor_set = (select value from core.setting where key = 'factor_set')
        and f.provider = u.provider
        and f.region_id = u.region_id
        and f.charge_month = u.charge_month
    where greatest(f.grid_alternative_ratio, 1e0 / f.grid_alternative_ratio) > 1.15e0
    group by f.provider, f.region_id, f.grid_alternative_beside_g_co2e_per_kwh, f.grid_alternative_g_co2e_per_kwh,
        f.grid_alternative_note, f.grid_alternative_ratio
)

select what, value, lines
from statement
order by place, lines desc, value
