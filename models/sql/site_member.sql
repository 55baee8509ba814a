-- Facility and grid of each wanted place and month in each region that it is, or is a mean of.
-- Grain: that of site_wanted. Reads: site_wanted, site_pue, site_pue_measured, site_stated (WUE), site_flow, site_grid,
-- site_market, core.place, factors.grid_alternative, factors.site_metric (water stress).
-- A zone that is run from a region stands elsewhere: its factors are those of its parent.
select
    w.factor_set, w.grid_boundary, w.provider, w.region_id, w.charge_month, w.year,
    w.known_region_id, w.placed_as, w.weight, w.group_ref,
    r.factor_id as region_ref, r.grid_chain,
    coalesce(q.pue, p.pue) as pue,
    coalesce(q.pue_low, p.pue_low) as pue_low,
    coalesce(q.pue_high, p.pue_high) as pue_high,
    case when q.pue is not null then w.year else p.pue_year end as pue_year,
    coalesce(q.pue_ref, p.pue_ref) as pue_ref,
    q.facility_energy_kwh as pue_facility_energy_kwh,
    q.it_energy_kwh as pue_it_energy_kwh,
    q.hours_share as pue_hours_share,
    q.note as pue_note,
    case
        when q.pue is not null then 'exact'
        when w.placed_as = 'local_zone' and p.resolution in ('exact', 'nearest_year') then 'parent_zone'
        else p.resolution
    end as pue_resolution,
    u.central as wue, u.low as wue_low, u.high as wue_high, u.stated_year as wue_year, u.factor_id as wue_ref,
    case
        when w.placed_as = 'local_zone' and u.resolution in ('exact', 'nearest_year') then 'parent_zone' else u.resolution
    end as wue_resolution,
    c.central as wcf, c.low as wcf_low, c.high as wcf_high, c.stated_year as wcf_year, c.factor_id as wcf_ref,
    case
        when w.placed_as = 'local_zone' and c.resolution in ('exact', 'nearest_year') then 'parent_zone' else c.resolution
    end as wcf_resolution,
    nullif(concat_ws(
        '; ',
        case when u.factor_id is null
            then concat('on-site: no water usage effectiveness within two years of ', w.year, ' for ', w.provider, ' ', w.region_id)
        end,
        case when c.factor_id is null
            then concat('off-site: no water consumption factor for ', coalesce(r.grid_chain, 'an unknown grid'))
        end
    ), '') as water_gap_reason,
    g.grid_zone, g.grid_year,
    g.central_g as grid_g, g.low_g as grid_g_low, g.high_g as grid_g_high,
    case when w.placed_as = 'local_zone' and g.grid_ref is not null then 'parent_zone' else g.resolution end as grid_resolution,
    g.basis as grid_basis,
    g.note as grid_note,
    g.grid_ref,
    g.stated_g, g.lifecycle_per_direct, g.ratio_lifecycle_ref, g.ratio_direct_ref,
    g.direct_g, g.direct_ref,
    g.country_direct_g, g.country_direct_ref,
    case
        when w.known_region_id is null and w.provider = 'own'
            then concat('no grid zone for the site ', w.region_id, ': give it one in the mapping file of its inventory')
        when w.known_region_id is null
            then concat('unknown region ', w.region_id, ' of ', w.provider, ': not in the factor set')
        when g.grid_ref is null
            then concat(
                'no ', case when w.grid_boundary = 'direct' then 'direct ' else '' end, 'grid factor within two years of ',
                w.year, ' for ', r.grid_chain
            )
    end as gap_reason,
    a.g_co2e_per_kwh as alternative_g,
    case a.boundary when 'direct' then g.direct_g else g.central_g end as alternative_beside_g,
    a.g_co2e_per_kwh / case a.boundary when 'direct' then g.direct_g else g.central_g end as alternative_ratio,
    concat(a.boundary, ', stated for ', a.stated_for, ' at ', a.distance_km::integer, ' km in ', a.year) as alternative_note,
    a.factor_id as alternative_ref,
    m.market_g, m.market_g_low, m.market_g_high, m.market_boundary, m.market_accounting, m.market_ref, m.market_note,
    m.market_gap_reason, m.provider_location_kg, m.provider_market_kg, m.model_version as provider_model_version,
    d.central as td_loss, d.low as td_loss_low, d.high as td_loss_high, d.stated_year as td_loss_year, d.factor_id as td_loss_ref,
    case
        when w.placed_as = 'local_zone' and d.resolution in ('exact', 'nearest_year') then 'parent_zone' else d.resolution
    end as td_loss_resolution,
    x.central::integer as water_stress_category, x.factor_id as water_stress_ref
from site_wanted as w
left join core.place as r on r.provider = w.provider and r.region_id = w.known_region_id
left join site_pue as p
    on p.provider = w.provider and p.known_region_id = w.known_region_id and p.year = w.year
left join site_pue_measured as q
    on q.provider = w.provider and q.region_id = w.region_id and q.charge_month = w.charge_month
left join site_stated as u
    on u.provider = w.provider and u.known_region_id = w.known_region_id and u.year = w.year and u.metric = 'wue'
left join site_flow as c
    on c.provider = w.provider and c.known_region_id = w.known_region_id and c.year = w.year and c.metric = 'wcf'
left join site_grid as g
    on g.provider = w.provider and g.known_region_id = w.known_region_id and g.year = w.year
left join factors.grid_alternative as a
    on a.provider = w.provider and a.region_id = w.known_region_id and a.year = g.grid_year
    and case a.boundary when 'direct' then g.direct_g is not null else w.grid_boundary = 'lifecycle' end
left join site_market as m
    on m.provider = w.provider and m.region_id = w.region_id and m.charge_month = w.charge_month
    and m.known_region_id is not distinct from w.known_region_id
left join site_flow as d
    on d.provider = w.provider and d.known_region_id = w.known_region_id and d.year = w.year and d.metric = 'td_loss'
left join factors.site_metric as x -- a local zone lies elsewhere
    on x.metric = 'water_stress' and x.provider = w.provider and x.region_id = w.known_region_id and w.placed_as = 'region'
