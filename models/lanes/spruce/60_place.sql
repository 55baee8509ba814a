-- PUE, grid and water of each region, for all months alike. Grain: provider x region of spruce_line.
-- Reads: spruce_line, spruce_site, spruce_grid, spruce_water, spruce_coefficient.
select
    r.provider,
    r.region_id,
    coalesce(e.pue, p.pue, d.value) as pue,
    coalesce(e.wue_l_per_kwh, p.wue_l_per_kwh) as wue_l_per_kwh,
    g.grid_g_co2e_per_kwh,
    w.wcf_l_per_kwh
from (select distinct provider, region_id from spruce_line) as r
inner join spruce_coefficient as d on d.key = concat('pue.default.', r.provider)
left join spruce_site as e on e.provider = r.provider and e.region_id = r.region_id and not e.is_prefix
left join spruce_site as p
    on p.provider = r.provider and p.is_prefix and starts_with(r.region_id, p.region_id) and r.region_id <> p.region_id
left join spruce_grid as g on g.provider = r.provider and g.region_id = r.region_id
left join spruce_water as w on w.provider = r.provider and w.region_id = r.region_id
