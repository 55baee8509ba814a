-- What the user's contracts say of the power of each wanted region and year. Grain: provider x known region x year, those
-- with such a row of that very year. Reads: site_wanted, factors.own_grid_intensity, core.place.
-- A contract goes before a residual mix, the region itself before the links of its chain, a later layer before an earlier one.
with place as (
    select distinct w.provider, w.known_region_id, w.year, r.grid_chain
    from site_wanted as w
    inner join core.place as r on r.provider = w.provider and r.region_id = w.known_region_id
),

link as (
    select
        p.provider, p.known_region_id, p.year,
        unnest(range(1, len(string_split(p.grid_chain, '>')) + 1)) as position,
        unnest(string_split(p.grid_chain, '>')) as zone_key
    from place as p
    union all
    select p.provider, p.known_region_id, p.year, 0, concat('region:', p.provider, ':', p.known_region_id) from place as p
)

select
    l.provider,
    l.known_region_id,
    l.year,
    o.central_g_co2e_per_kwh as market_g,
    o.boundary,
    o.accounting,
    o.factor_id as market_ref
from link as l
inner join factors.own_grid_intensity as o
    on concat(o.zone_scheme, ':', o.zone) = l.zone_key
    and o.year = l.year
    and o.accounting in ('market_based', 'residual_mix')
qualify row_number() over (
    partition by l.provider, l.known_region_id, l.year
    order by o.accounting, l.position, o.position desc, o.boundary desc
) = 1
