-- The water consumption factor of each wanted region: the first link of its grid chain that has one, of the nearest year.
-- Grain: provider x known region x year, those with a factor. Reads: site_wanted, core.place, factors.site_metric.
-- One publication covers all years: what a kWh of a grid takes changes with its power plants, slowly.
with link as (
    select
        w.provider, w.known_region_id, w.year,
        unnest(range(1, len(string_split(r.grid_chain, '>')) + 1)) as position,
        unnest(string_split(r.grid_chain, '>')) as zone_key
    from (select distinct provider, known_region_id, year from site_wanted) as w
    inner join core.place as r on r.provider = w.provider and r.region_id = w.known_region_id
)

select
    l.provider, l.known_region_id, l.year,
    m.low as wcf_low, m.central as wcf, m.high as wcf_high, m.year as wcf_year, m.factor_id as wcf_ref,
    case when m.basis = 'default' then 'default' when m.year = l.year then 'exact' else 'nearest_year' end as resolution
from link as l
inner join factors.site_metric as m on m.metric = 'wcf' and m.region_id = l.zone_key
qualify row_number() over (
    partition by l.provider, l.known_region_id, l.year order by l.position, abs(m.year - l.year), m.year desc
) = 1
