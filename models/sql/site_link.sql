-- Where a factor of each wanted region's grid may be stated, the nearest first: the region itself (0), the links of its chain, the world.
-- Grain: provider x known region x year x position. Reads: site_wanted, core.place.
with place as (
    select distinct
        w.grid_boundary, w.provider, w.known_region_id, w.year, w.lookup_year, r.country_iso3,
        coalesce(string_split(r.grid_chain, '>'), []) as chain
    from site_wanted as w
    inner join core.place as r on r.provider = w.provider and r.region_id = w.known_region_id
)

select
    p.grid_boundary, p.provider, p.known_region_id, p.year, p.lookup_year, p.country_iso3,
    unnest(range(0, len(p.chain) + 2)) as position,
    unnest(list_concat([concat('region:', p.provider, ':', p.known_region_id)], p.chain, ['*'])) as zone_key
from place as p
