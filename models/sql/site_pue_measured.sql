-- The PUE that meters measured, of each wanted region and month that has sound readings: facility energy over IT energy.
-- Grain: provider x region as delivered x month; a local zone and a mean of several regions have no meter.
-- Reads: site_wanted, site_pue, core.pue_month, core.coefficient_in_force.
-- The range is that of two meters of the usual class, independent of each other, over the hours that were measured; the hours
-- that were not may lie anywhere between this and the ends of the published PUE.
with measured as (
    select
        w.provider, w.region_id, w.known_region_id, w.year, w.charge_month,
        m.facility_energy_kwh, m.it_energy_kwh, m.pue_ref, m.meters,
        m.hours_share,
        m.facility_energy_kwh / m.it_energy_kwh as pue,
        sqrt(2e0) * e.central / 100e0 as error,
        e.central as meter_class
    from site_wanted as w
    inner join core.pue_month as m
        on m.provider = w.provider
        and m.charge_month = w.charge_month
        and m.region_id = case when w.provider = 'own' then w.region_id else coalesce(w.known_region_id, w.region_id) end
    inner join core.coefficient_in_force as e on e.key = 'pue.meter_class'
    where w.placed_as in ('region', 'unknown')
)

select
    m.provider,
    m.region_id,
    m.charge_month,
    m.pue,
    greatest(
        m.hours_share * m.pue * (1e0 - m.error) + (1e0 - m.hours_share) * least(m.pue, coalesce(p.pue_low, m.pue)), 1e0
    ) as pue_low,
    m.hours_share * m.pue * (1e0 + m.error) + (1e0 - m.hours_share) * greatest(m.pue, coalesce(p.pue_high, m.pue)) as pue_high,
    m.pue_ref,
    m.facility_energy_kwh,
    m.it_energy_kwh,
    m.hours_share,
    concat(
        'measured by ', m.meters, ' in ', round(100e0 * m.hours_share, 1), ' % of the hours; two meters of class ', m.meter_class
    ) as note
from measured as m
left join site_pue as p
    on p.provider = m.provider and p.known_region_id = m.known_region_id and p.year = m.year
