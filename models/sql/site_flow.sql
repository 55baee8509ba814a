-- What the grid of each wanted region loses on the way, and the water that a kWh of it takes: the first link that has a value, of the
-- nearest year. Grain: metric (td_loss, wcf) x provider x known region x year, those with a value. Reads: site_link, factors.site_metric.
-- One publication covers all years: both change with the power plants and lines of a grid, slowly.
select
    m.metric,
    l.provider, l.known_region_id, l.year,
    m.low, m.central, m.high, m.year as stated_year, m.factor_id,
    case when m.basis = 'default' then 'default' when m.year = l.year then 'exact' else 'nearest_year' end as resolution
from site_link as l
inner join factors.site_metric as m on m.metric in ('td_loss', 'wcf') and m.region_id = l.zone_key
qualify row_number() over (
    partition by m.metric, l.provider, l.known_region_id, l.year order by l.position, abs(m.year - l.year), m.year desc
) = 1
