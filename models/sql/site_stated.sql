-- The PUE and WUE of each wanted region and year that somebody stated: a user's own of that very year before all, else as published.
-- Published ones in this order, each within two years: the region's own value, a design value of that very year, the average of
-- its geography, a design value of another year (older than any average), the provider's fleet. Recalled rows are left out.
-- Grain: provider x known region x year x metric, those with one.
-- Reads: site_wanted, factors.site_metric, factors.own_site_metric, core.place.
with place as (
    select distinct w.provider, w.known_region_id, w.year, w.lookup_year, r.geography
    from site_wanted as w
    inner join core.place as r on r.provider = w.provider and r.region_id = w.known_region_id
),

candidate as (
    select
        p.provider, p.known_region_id, p.year, p.lookup_year,
        m.metric, m.factor_id, m.low, m.central, m.high, m.year as stated_year,
        case
            when m.basis = 'region' then 1
            when m.basis = 'region_design' and m.year = p.year then 2
            when m.basis = 'geography' then 3
            when m.basis = 'region_design' then 4
            else 5
        end as place_in_order,
        0 as layer_position
    from place as p
    inner join factors.site_metric as m
        on m.metric in ('pue', 'wue')
        and m.provider = p.provider
        and m.verification <> 'recalled'
        and m.basis <> 'assumption'
        and abs(m.year - p.lookup_year) <= 2
        and m.region_id in (p.known_region_id, p.geography, '*')
    union all
    select
        p.provider, p.known_region_id, p.year, p.lookup_year,
        o.metric, o.factor_id, o.low, o.central, o.high, o.year, 0, o.position
    from place as p
    inner join factors.own_site_metric as o
        on o.provider = p.provider
        and o.year = p.year
        and o.region_id = case when p.provider = 'own' then split_part(p.known_region_id, '@', 1) else p.known_region_id end
)

select -- of several layers the later, of two equally near years the later
    provider, known_region_id, year, metric, factor_id, low, central, high, stated_year,
    case
        when place_in_order in (0, 1, 2) and stated_year = year then 'exact'
        when place_in_order in (1, 4) then 'nearest_year'
        when place_in_order = 3 then 'parent_zone'
        else 'fleet'
    end as resolution
from candidate
qualify row_number() over (
    partition by provider, known_region_id, year, metric
    order by place_in_order, layer_position desc, abs(stated_year - lookup_year), stated_year desc
) = 1
