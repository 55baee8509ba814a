-- What contracts and residual mixes say of the power of each wanted region and year.
-- Grain: provider x known region x year x accounting (market_based, residual_mix), those with such a row.
-- Reads: site_link, factors.own_grid_intensity, factors.grid_intensity.
-- A user's own row holds in its very year and goes before a published residual mix, which holds for two years around. The region
-- itself goes before the links of its chain, a later layer before an earlier one; a country's mix is its, whichever scheme states it.
with stated as (
    select
        factor_id, position as layer_position, concat(zone_scheme, ':', zone) as zone_key, year, boundary, accounting,
        low_g_co2e_per_kwh as low_g, central_g_co2e_per_kwh as central_g, high_g_co2e_per_kwh as high_g
    from factors.own_grid_intensity
    where accounting in ('market_based', 'residual_mix')
    union all
    select
        factor_id, 0, case when covers = 'country' then concat('iso3:', country_iso3) else concat(zone_scheme, ':', zone) end,
        year, boundary, accounting, low_g_co2e_per_kwh, central_g_co2e_per_kwh, high_g_co2e_per_kwh
    from factors.grid_intensity
    where accounting = 'residual_mix' and verification <> 'recalled'
)

select
    l.provider, l.known_region_id, l.year,
    s.accounting, s.boundary, s.low_g, s.central_g, s.high_g, s.factor_id,
    concat(case when s.layer_position > 0 then 'own' else 'published' end, ' for ', s.zone_key, ' in ', s.year) as note
from site_link as l
inner join stated as s
    on s.zone_key = l.zone_key
    and case when s.layer_position = 0 then abs(s.year - l.lookup_year) <= 2 else s.year = l.year end
qualify row_number() over (
    partition by l.provider, l.known_region_id, l.year, s.accounting
    order by
        least(s.layer_position, 1) desc, l.position, s.layer_position desc, abs(s.year - l.lookup_year), s.year desc,
        s.boundary desc
) = 1
