-- What the grid of each wanted region and year loses on the way: the first link of its chain that has a value, of the nearest
-- year, else the world's. Grain: provider x known region x year. Reads: site_wanted, core.place, factors.site_metric.
with link as (
    select
        w.provider, w.known_region_id, w.year,
        unnest(range(1, len(string_split(r.grid_chain, '>')) + 2)) as position,
        unnest(list_concat(string_split(r.grid_chain, '>'), ['*'])) as zone_key
    from (select distinct provider, known_region_id, year from site_wanted) as w
    inner join core.place as r on r.provider = w.provider and r.region_id = w.known_region_id
)

select
    l.provider, l.known_region_id, l.year,
    m.low as td_loss_low, m.central as td_loss, m.high as td_loss_high, m.year as td_loss_year, m.factor_id as td_loss_ref,
    case when m.basis = 'default' then 'default' when m.year = l.year then 'exact' else 'nearest_year' end as resolution
from link as l
inner join factors.site_metric as m on m.metric = 'td_loss' and m.region_id = l.zone_key
qualify row_number() over (
    partition by l.provider, l.known_region_id, l.year order by l.position, abs(m.year - l.year), m.year desc
) = 1
