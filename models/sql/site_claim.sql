-- What providers claim of the power of each wanted region and year, where [estimate] market_model says to take it.
-- Grain: provider x known region x year, those with a claim within two years. Reads: site_wanted, factors.site_metric, core.setting.
-- A region listed as matched is at the intensity that the claim states, 0. An hourly carbon-free share leaves the rest of the
-- grid, as an approximation; an annual share counts where it is the whole, for it says nothing of the power of the rest.
select
    w.provider, w.known_region_id, w.year,
    case when m.metric = 'cfe_hourly' then 'cfe_model' else 'provider_claim' end as accounting,
    case when m.metric = 'market_claim' then m.central end as claimed_g,
    case when m.metric <> 'market_claim' then m.central end as cfe,
    m.metric, m.year as claim_year, m.factor_id
from (select distinct provider, known_region_id, year, lookup_year from site_wanted) as w
inner join core.setting as s on s.key = 'market_model' and s.value = 'provider_claims'
inner join factors.site_metric as m
    on m.provider = w.provider
    and m.region_id = w.known_region_id
    and abs(m.year - w.lookup_year) <= 2
    and (m.metric in ('market_claim', 'cfe_hourly') or (m.metric = 'cfe_annual' and m.central = 1e0))
qualify row_number() over (
    partition by w.provider, w.known_region_id, w.year
    order by abs(m.year - w.lookup_year), m.year desc, m.metric desc
) = 1
