-- The grid factor of each wanted region and year: the first link of its chain that has one, exact year before nearest within two.
-- Grain: provider x known region x year, those with a factor. Reads: site_link, grid_known, factors.grid_intensity.
-- A user's own factor of that very year goes before those of its link; the region itself is the link before its chain.
-- Factors are those of the boundary in force. Beside a lifecycle factor stands the direct one of the same zone, and beside
-- either the direct one of the whole country.
with chosen as ( -- of two equally near years the later, of two layers of own factors the later
    select l.*, k.* exclude (year, country_iso3, boundary), k.year as grid_year
    from site_link as l
    inner join grid_known as k
        on concat(k.zone_scheme, ':', k.zone) = l.zone_key
        and k.boundary = l.grid_boundary
        and case when k.layer_position = 0 then abs(k.year - l.lookup_year) <= 2 else k.year = l.year end
    qualify row_number() over (
        partition by l.provider, l.known_region_id, l.year
        order by l.position, k.layer_position desc, abs(k.year - l.lookup_year), k.year desc, k.basis desc, k.factor_id
    ) = 1
),

direct as (
    select * from factors.grid_intensity
    where boundary = 'direct' and accounting = 'location_average' and verification <> 'recalled'
),

zone_direct as ( -- for a whole country its national factor, whichever scheme states it; for a region its nearest link's
    select c.provider, c.known_region_id, c.year, d.factor_id, d.central_g_co2e_per_kwh as direct_g
    from chosen as c
    inner join site_link as l
        on l.provider = c.provider and l.known_region_id = c.known_region_id and l.year = c.year
        and (l.position = c.position or c.position = 0)
    inner join direct as d
        on abs(d.year - c.grid_year) <= 2
        and (
            concat(d.zone_scheme, ':', d.zone) = l.zone_key
            or (starts_with(l.zone_key, 'iso3:') and d.covers = 'country' and d.country_iso3 = c.country_iso3)
        )
    qualify row_number() over (
        partition by c.provider, c.known_region_id, c.year
        order by
            l.position, abs(d.year - c.grid_year), case when d.zone_scheme = 'iso3' then 0 else 1 end, d.year desc
    ) = 1
),

country_direct as (
    select p.provider, p.known_region_id, p.year, d.factor_id, d.central_g_co2e_per_kwh as direct_g
    from (select distinct provider, known_region_id, year, lookup_year, country_iso3 from site_link) as p
    inner join direct as d on d.covers = 'country' and d.country_iso3 = p.country_iso3 and abs(d.year - p.lookup_year) <= 2
    qualify row_number() over (
        partition by p.provider, p.known_region_id, p.year
        order by abs(d.year - p.lookup_year), case when d.zone_scheme = 'iso3' then 0 else 1 end, d.year desc
    ) = 1
)

select
    c.provider,
    c.known_region_id,
    c.year,
    c.zone_key as grid_zone,
    c.grid_year,
    c.low_g, c.central_g, c.high_g,
    case when c.position > 1 then 'parent_zone' when c.grid_year = c.year then 'exact' else 'nearest_year' end as resolution,
    c.basis,
    c.stated_g,
    c.lifecycle_per_direct,
    c.factor_id as grid_ref,
    c.ratio_lifecycle_ref,
    c.ratio_direct_ref,
    case c.basis
        when 'derived' then concat(
            'derived: direct ', c.stated_g, ' of ', c.zone_key, ' x lifecycle ', c.ratio_lifecycle_g, ' / direct ',
            c.ratio_direct_g, ' of ', c.country_iso3, ' in ', c.grid_year,
            case when c.ratio_lifecycle_g < c.ratio_direct_g then ', taken as 1: a life cycle holds its direct part' else '' end
        )
        else concat(case when c.layer_position > 0 then 'own' else 'published' end, ' for ', c.zone_key, ' in ', c.grid_year)
    end as note,
    case
        when c.grid_boundary = 'direct' then c.central_g
        when c.layer_position > 0 and c.basis = 'derived' then c.stated_g
        else z.direct_g
    end as direct_g,
    case
        when c.grid_boundary = 'direct' or (c.layer_position > 0 and c.basis = 'derived') then c.factor_id
        else z.factor_id
    end as direct_ref,
    n.direct_g as country_direct_g,
    n.factor_id as country_direct_ref
from chosen as c
left join zone_direct as z
    on z.provider = c.provider and z.known_region_id = c.known_region_id and z.year = c.year
left join country_direct as n
    on n.provider = c.provider and n.known_region_id = c.known_region_id and n.year = c.year
