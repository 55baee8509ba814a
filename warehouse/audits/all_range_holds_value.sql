-- Low <= value <= high in every rate, and a value without its range does not stand.
-- Not of lanes (core.lane_input): the tools that they reproduce publish no ranges.
select sku_id, charge_month, model, it_energy_kwh, energy_kwh, location_based_kg_co2e, market_based_kg_co2e, td_loss_kg_co2e,
    embodied_kg_co2e, water_l
from core.rate
where
    (model, sku_id) not in (select (model, sku_id) from core.lane_input)
    and (
        (it_energy_kwh is not null and not coalesce(it_energy_kwh between it_energy_kwh_low and it_energy_kwh_high, false))
        or (energy_kwh is not null and not coalesce(energy_kwh between energy_kwh_low and energy_kwh_high, false))
        or (
            location_based_kg_co2e is not null
            and not coalesce(location_based_kg_co2e between location_based_kg_co2e_low and location_based_kg_co2e_high, false)
        )
        or (
            market_based_kg_co2e is not null
            and not coalesce(market_based_kg_co2e between market_based_kg_co2e_low and market_based_kg_co2e_high, false)
        )
        or (td_loss_kg_co2e is not null and not coalesce(td_loss_kg_co2e between td_loss_kg_co2e_low and td_loss_kg_co2e_high, false))
        or (
            embodied_kg_co2e is not null
            and not coalesce(embodied_kg_co2e between embodied_kg_co2e_low and embodied_kg_co2e_high, false)
        )
        or (water_onsite_l is not null and not coalesce(water_onsite_l between water_onsite_l_low and water_onsite_l_high, false))
        or (water_offsite_l is not null and not coalesce(water_offsite_l between water_offsite_l_low and water_offsite_l_high, false))
        or (water_l is not null and not coalesce(water_l between water_l_low and water_l_high, false))
    )
order by all
