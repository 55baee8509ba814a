-- The places and months whose facility and grid factors are needed and not yet resolved, for the factor set and the boundary
-- in force, each with the region that it is, or the regions that it is a mean of.
-- lookup_year: the year itself; after the last one that the set describes, for two years, that last one, so that a region
-- does not change its zone only because no statistics are out yet.
-- Grain: provider x place as delivered x month x region. A place that the set does not know comes once, without a region.
-- Reads: core.usage_daily, core.sku, core.provider_footprint, core.own_site_month, core.site_factor, factors.region,
-- factors.region_group.
with setting as (
    select
        max(case when key = 'factor_set' then value end) as factor_set,
        max(case when key = 'grid_boundary' then value end) as grid_boundary
    from core.setting
),

needed as (
    select s.provider, s.region_id, d.charge_month
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    union
    select p.provider, p.region_id, p.usage_month as charge_month
    from core.provider_footprint as p
),

described as (
    select max(g.year) as last_year
    from factors.grid_intensity as g
    inner join setting as b on b.grid_boundary = g.boundary
    where g.verification <> 'recalled' and g.accounting = 'location_average'
),

alias as ( -- every name of a region, in lower case; names are the provider's own and mean nothing elsewhere
    select distinct
        provider,
        region_id,
        unnest(string_split(lower(concat(region_id, '|', coalesce(aliases, ''))), '|')) as name
    from factors.region
),

group_alias as (
    select distinct
        provider,
        group_id,
        unnest(string_split(lower(concat(group_id, '|', coalesce(aliases, ''))), '|')) as name
    from factors.region_group
),

place as (
    select distinct provider, region_id, lower(region_id) as name from needed where region_id <> ''
),

is_region as (
    select p.provider, p.region_id, a.region_id as known_region_id, 'region' as placed_as
    from place as p
    inner join alias as a on a.provider = p.provider and a.name = p.name
),

is_zone as ( -- us-east-1a and us-central1-a lie in their region; us-west-2-lax-1 and us-east-1-wl1 are run from it, elsewhere
    select
        p.provider,
        p.region_id,
        r.region_id as known_region_id,
        case when length(p.name) - length(r.region_id) > 2 then 'local_zone' else 'region' end as placed_as
    from place as p
    inner join factors.region as r on r.provider = p.provider and starts_with(p.name, r.region_id)
    left join is_region as n on n.provider = p.provider and n.region_id = p.region_id
    where
        n.region_id is null
        and case p.provider
            when 'aws' then regexp_matches(substr(p.name, length(r.region_id) + 1), '^([a-z]|-[a-z]+-?[0-9].*)$')
            when 'gcp' then regexp_matches(substr(p.name, length(r.region_id) + 1), '^-[a-z]$')
            else false
        end
    qualify row_number() over (partition by p.provider, p.region_id order by length(r.region_id) desc) = 1
),

is_group as ( -- only what is no region: `eu` and `us` would be both in some texts
    select p.provider, p.region_id, m.member_region_id as known_region_id, 'group' as placed_as, m.weight, m.factor_id as group_ref
    from place as p
    inner join group_alias as a on a.provider = p.provider and a.name = p.name
    inner join factors.region_group as m on m.provider = a.provider and m.group_id = a.group_id
    left join is_region as n on n.provider = p.provider and n.region_id = p.region_id
    where n.region_id is null
),

located as (
    select provider, region_id, known_region_id, placed_as, 1e0 as weight, cast(null as varchar) as group_ref from is_region
    union all
    select provider, region_id, known_region_id, placed_as, 1e0, null from is_zone
    union all
    select provider, region_id, known_region_id, placed_as, weight, group_ref from is_group
)

select
    b.factor_set,
    b.grid_boundary,
    n.provider,
    n.region_id,
    n.charge_month,
    year(n.charge_month) as year,
    case
        when year(n.charge_month) between y.last_year and y.last_year + 2 then y.last_year
        else year(n.charge_month)
    end as lookup_year,
    coalesce(l.known_region_id, o.place_id) as known_region_id,
    coalesce(l.placed_as, case when o.place_id is not null then 'region' end, 'unknown') as placed_as,
    coalesce(l.weight, case when o.place_id is not null then 1e0 end) as weight,
    l.group_ref
from needed as n
cross join described as y
cross join setting as b
left join located as l on l.provider = n.provider and l.region_id = n.region_id
left join core.own_site_month as o
    on n.provider = 'own' and o.region_id = n.region_id and o.charge_month = n.charge_month
left join core.site_factor as s
    on s.factor_set = b.factor_set
    and s.provider = n.provider
    and s.region_id = n.region_id
    and s.charge_month = n.charge_month
where n.provider is not null and n.region_id <> '' and n.charge_month is not null and s.factor_set is null
