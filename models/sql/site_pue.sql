-- The PUE of each wanted region and year. Grain: provider x known region x year. Reads: site_wanted, factors.site_metric,
-- factors.own_site_metric, core.place. A user's own PUE of that very year goes before all.
-- In this order, each within two years: the region's own published value, a design value of that very year, the average of
-- its geography, a design value of another year (older than any average), the provider's fleet; else the provider's default.
with place as (
    select distinct w.provider, w.known_region_id, w.year, w.lookup_year, r.geography
    from site_wanted as w
    inner join core.place as r on r.provider = w.provider and r.region_id = w.known_region_id
),

candidate as (
    select
        p.provider, p.known_region_id, p.year, p.lookup_year,
        m.factor_id, m.low, m.central, m.high, m.year as pue_year, m.basis,
        case
            when m.basis = 'region' then 1
            when m.basis = 'region_design' and m.year = p.year then 2
            when m.basis = 'geography' then 3
            when m.basis = 'region_design' then 4
            else 5
        end as place_in_order
    from place as p
    inner join factors.site_metric as m
        on m.metric = 'pue'
        and m.provider = p.provider
        and m.verification <> 'recalled'
        and m.basis <> 'assumption'
        and abs(m.year - p.lookup_year) <= 2
        and m.region_id in (p.known_region_id, p.geography, '*')
),

chosen as ( -- of two equally near years the later
    select * from candidate
    qualify row_number() over (
        partition by provider, known_region_id, year order by place_in_order, abs(pue_year - lookup_year), pue_year desc
    ) = 1
),

given as ( -- of several layers the later
    select p.provider, p.known_region_id, p.year, o.factor_id, o.low, o.central, o.high, o.year as pue_year
    from place as p
    inner join factors.own_site_metric as o
        on o.metric = 'pue' and o.provider = p.provider and o.year = p.year
        and o.region_id = case when p.provider = 'own' then split_part(p.known_region_id, '@', 1) else p.known_region_id end
    qualify row_number() over (partition by p.provider, p.known_region_id, p.year order by o.position desc) = 1
)

select
    p.provider,
    p.known_region_id,
    p.year,
    coalesce(g.low, c.low, own.low, any_provider.low) as pue_low,
    coalesce(g.central, c.central, own.central, any_provider.central) as pue,
    coalesce(g.high, c.high, own.high, any_provider.high) as pue_high,
    coalesce(g.pue_year, c.pue_year, own.year, any_provider.year) as pue_year,
    coalesce(g.factor_id, c.factor_id, own.factor_id, any_provider.factor_id) as pue_ref,
    case
        when g.factor_id is not null then 'exact'
        when c.place_in_order in (1, 2) and c.pue_year = p.year then 'exact'
        when c.place_in_order in (1, 4) then 'nearest_year'
        when c.place_in_order = 3 then 'parent_zone'
        when c.place_in_order = 5 then 'fleet'
        else 'default'
    end as resolution
from place as p
left join chosen as c on c.provider = p.provider and c.known_region_id = p.known_region_id and c.year = p.year
left join given as g on g.provider = p.provider and g.known_region_id = p.known_region_id and g.year = p.year
left join core.coefficient_in_force as own on own.key = concat('pue.', p.provider)
left join core.coefficient_in_force as any_provider on any_provider.key = 'pue.other'
