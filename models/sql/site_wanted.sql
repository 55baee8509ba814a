-- The places and months whose facility and grid factors are needed and not yet resolved, for the factor set in force.
-- lookup_year: the year itself; after the last one that the set describes, for two years, that last one, so that a region
-- does not change its zone only because no statistics are out yet.
-- Grain: provider x region as delivered x month. Reads: core.usage_daily, core.sku, core.provider_footprint, core.site_factor.
with needed as (
    select s.provider, s.region_id, d.charge_month
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    union
    select p.provider, p.region_id, p.usage_month as charge_month
    from core.provider_footprint as p
),

described as (
    select max(year) as last_year from factors.grid_intensity where boundary = 'lifecycle' and verification <> 'recalled'
),

alias as ( -- every name of a region, in lower case; names are the provider's own and mean nothing elsewhere
    select distinct
        provider,
        region_id,
        unnest(string_split(lower(concat(region_id, '|', coalesce(aliases, ''))), '|')) as name
    from factors.region
)

select
    f.value as factor_set,
    n.provider,
    n.region_id,
    n.charge_month,
    year(n.charge_month) as year,
    case
        when year(n.charge_month) between y.last_year and y.last_year + 2 then y.last_year
        else year(n.charge_month)
    end as lookup_year,
    a.region_id as known_region_id
from needed as n
cross join described as y
inner join core.setting as f on f.key = 'factor_set'
left join alias as a on a.provider = n.provider and a.name = lower(n.region_id) and a.name <> ''
left join core.site_factor as s
    on s.factor_set = f.value
    and s.provider = n.provider
    and s.region_id = n.region_id
    and s.charge_month = n.charge_month
where n.provider is not null and n.region_id <> '' and n.charge_month is not null and s.factor_set is null
