-- The wanted places and months into core.site_factor: one row each; a region without factors keeps nulls and says why.
-- Grain: provider x region as delivered x month. Reads: site_wanted, site_pue, site_grid, site_market, factors.region.
insert into core.site_factor by name
select
    w.factor_set,
    w.provider,
    w.region_id,
    w.charge_month,
    r.factor_id as region_ref,
    p.pue, p.pue_low, p.pue_high, p.resolution as pue_resolution, p.pue_year, p.pue_ref,
    g.grid_zone, g.grid_year,
    g.central_g as grid_g_co2e_per_kwh, g.low_g as grid_g_co2e_per_kwh_low, g.high_g as grid_g_co2e_per_kwh_high,
    case when g.grid_ref is not null then 'lifecycle' end as grid_boundary,
    g.resolution as grid_resolution,
    g.basis as grid_basis,
    g.note as grid_note,
    g.grid_ref,
    g.stated_g as grid_stated_g_co2e_per_kwh,
    g.lifecycle_per_direct as grid_lifecycle_per_direct,
    g.ratio_lifecycle_ref as grid_ratio_lifecycle_ref,
    g.ratio_direct_ref as grid_ratio_direct_ref,
    g.direct_g as grid_direct_g_co2e_per_kwh, g.direct_ref as grid_direct_ref,
    g.country_direct_g as country_direct_g_co2e_per_kwh, g.country_direct_ref,
    case
        when w.known_region_id is null
            then concat('unknown region ', w.region_id, ' of ', w.provider, ': not in the factor set')
        when g.grid_ref is null
            then concat('no grid factor within two years of ', w.year, ' for ', r.grid_chain)
    end as gap_reason,
    m.market_g as market_g_co2e_per_kwh,
    m.boundary as market_boundary,
    m.accounting as market_accounting,
    m.market_ref,
    case when m.market_ref is null
        then concat('no contract or residual mix for ', w.region_id, ' in ', w.year, ' among the own factors in force')
    end as market_gap_reason
from site_wanted as w
left join factors.region as r on r.provider = w.provider and r.region_id = w.known_region_id
left join site_pue as p
    on p.provider = w.provider and p.known_region_id = w.known_region_id and p.year = w.year
left join site_grid as g
    on g.provider = w.provider and g.known_region_id = w.known_region_id and g.year = w.year
left join site_market as m
    on m.provider = w.provider and m.known_region_id = w.known_region_id and m.year = w.year
order by w.provider, w.region_id, w.charge_month
