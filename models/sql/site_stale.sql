-- The resolved places and months that rest on other readings, other figures of the provider, or another grid zone of an own
-- site, than there are now. Grain: provider x region as delivered x month.
-- Reads: core.site_factor, core.pue_month, core.provider_month, core.own_site_month.
select f.factor_set, f.provider, f.region_id, f.charge_month
from core.site_factor as f
inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
left join core.pue_month as m
    on f.placed_as in ('region', 'unknown')
    and m.provider = f.provider
    and m.charge_month = f.charge_month
    and m.region_id = case
        when f.provider = 'own' then f.region_id
        else coalesce(replace(f.region_ref, concat('region/', f.provider, ':'), ''), f.region_id)
    end
left join core.provider_month as p
    on f.placed_as in ('region', 'unknown')
    and p.provider = f.provider
    and p.charge_month = f.charge_month
    and p.region_id = coalesce(replace(f.region_ref, concat('region/', f.provider, ':'), ''), f.region_id)
left join core.own_site_month as o
    on f.provider = 'own' and o.region_id = f.region_id and o.charge_month = f.charge_month
where
    f.pue_facility_energy_kwh is distinct from m.facility_energy_kwh
    or f.pue_it_energy_kwh is distinct from m.it_energy_kwh
    or f.pue_hours_share is distinct from m.hours_share
    or (m.pue_ref is not null and f.pue_ref <> m.pue_ref)
    or f.provider_location_based_kg_co2e is distinct from p.location_based_kg_co2e
    or f.provider_market_based_kg_co2e is distinct from p.market_based_kg_co2e
    or f.provider_model_version is distinct from p.model_version
    or (f.provider = 'own' and replace(f.region_ref, 'region/own:', '') is distinct from o.place_id)
