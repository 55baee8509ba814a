-- The PUE of each wanted region and year: as stated, else the provider's default. Grain: provider x known region x year.
-- Reads: site_wanted, site_stated, core.coefficient_in_force, core.place.
with place as (
    select distinct w.provider, w.known_region_id, w.year
    from site_wanted as w
    inner join core.place as r on r.provider = w.provider and r.region_id = w.known_region_id
)

select
    p.provider,
    p.known_region_id,
    p.year,
    coalesce(c.low, own.low, any_provider.low) as pue_low,
    coalesce(c.central, own.central, any_provider.central) as pue,
    coalesce(c.high, own.high, any_provider.high) as pue_high,
    coalesce(c.stated_year, own.year, any_provider.year) as pue_year,
    coalesce(c.factor_id, own.factor_id, any_provider.factor_id) as pue_ref,
    coalesce(c.resolution, 'default') as resolution
from place as p
left join site_stated as c
    on c.provider = p.provider and c.known_region_id = p.known_region_id and c.year = p.year and c.metric = 'pue'
left join core.coefficient_in_force as own on own.key = concat('pue.', p.provider)
left join core.coefficient_in_force as any_provider on any_provider.key = 'pue.other'
