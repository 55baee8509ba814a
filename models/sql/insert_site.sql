-- The wanted places and months that are one region, or unknown, into core.site_factor; without factors nulls and a reason.
-- Grain: provider x place as delivered x month. Reads: site_member.
insert into core.site_factor by name
select
    factor_set, provider, region_id, charge_month,
    region_ref, placed_as,
    pue, pue_low, pue_high, pue_resolution, pue_year, pue_ref,
    pue_facility_energy_kwh, pue_it_energy_kwh, pue_hours_share, pue_note,
    grid_zone, grid_year,
    grid_g as grid_g_co2e_per_kwh, grid_g_low as grid_g_co2e_per_kwh_low, grid_g_high as grid_g_co2e_per_kwh_high,
    grid_boundary, grid_resolution, grid_basis, grid_note, grid_ref,
    stated_g as grid_stated_g_co2e_per_kwh,
    lifecycle_per_direct as grid_lifecycle_per_direct,
    ratio_lifecycle_ref as grid_ratio_lifecycle_ref,
    ratio_direct_ref as grid_ratio_direct_ref,
    direct_g as grid_direct_g_co2e_per_kwh, direct_ref as grid_direct_ref,
    country_direct_g as country_direct_g_co2e_per_kwh, country_direct_ref,
    alternative_g as grid_alternative_g_co2e_per_kwh,
    alternative_beside_g as grid_alternative_beside_g_co2e_per_kwh,
    alternative_ratio as grid_alternative_ratio,
    case when alternative_ref is not null then alternative_note end as grid_alternative_note,
    alternative_ref as grid_alternative_ref,
    gap_reason,
    market_g as market_g_co2e_per_kwh,
    market_g_low as market_g_co2e_per_kwh_low, market_g_high as market_g_co2e_per_kwh_high,
    market_boundary, market_accounting, market_ref, market_note, market_gap_reason,
    provider_location_kg as provider_location_based_kg_co2e, provider_market_kg as provider_market_based_kg_co2e,
    provider_model_version,
    td_loss, td_loss_low, td_loss_high, td_loss_year, td_loss_resolution, td_loss_ref,
    water_stress_category, water_stress_ref,
    wue as wue_l_per_kwh_it, wue_low as wue_l_per_kwh_it_low, wue_high as wue_l_per_kwh_it_high,
    wue_year, wue_resolution, wue_ref,
    wcf as wcf_l_per_kwh, wcf_low as wcf_l_per_kwh_low, wcf_high as wcf_l_per_kwh_high,
    wcf_year, wcf_resolution, wcf_ref,
    water_gap_reason
from site_member
where placed_as <> 'group'
order by provider, region_id, charge_month
