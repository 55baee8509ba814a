-- The wanted places and months that are several regions (multi-region, dual-region, geography, global) into core.site_factor.
-- Grain: provider x place as delivered x month. Reads: site_member.
-- A figure is the weighted mean of its members, never their sum; its range reaches from the lowest to the highest of theirs.
-- One member without a figure leaves the mean without one, and the reason names it.
insert into core.site_factor by name
with summed as (
    select
        factor_set, provider, region_id, charge_month, grid_boundary,
        any_value(year) as year,
        count(*) as members,
        count(pue) as members_with_pue,
        count(grid_g) as members_with_grid,
        count(direct_g) as members_with_direct,
        count(country_direct_g) as members_with_country_direct,
        sum(weight::decimal(38, 15))::double as weights,
        sum((weight * pue)::decimal(38, 15))::double as pue,
        min(pue_low) as pue_low,
        max(pue_high) as pue_high,
        min(pue_year) as first_pue_year,
        max(pue_year) as last_pue_year,
        bool_or(pue_resolution = 'default') as has_default,
        bool_or(pue_resolution = 'fleet') as has_fleet,
        sum((weight * grid_g)::decimal(38, 15))::double as grid_g,
        min(grid_g_low) as grid_g_low,
        max(grid_g_high) as grid_g_high,
        min(grid_year) as first_grid_year,
        max(grid_year) as last_grid_year,
        sum((weight * direct_g)::decimal(38, 15))::double as direct_g,
        sum((weight * country_direct_g)::decimal(38, 15))::double as country_direct_g,
        string_agg(known_region_id, ', ' order by known_region_id) as names,
        count(wue) as members_with_wue,
        sum((weight * wue)::decimal(38, 15))::double as wue,
        min(wue_low) as wue_low,
        max(wue_high) as wue_high,
        min(wue_year) as first_wue_year,
        max(wue_year) as last_wue_year,
        bool_or(wue_resolution = 'fleet') as has_fleet_wue,
        count(wcf) as members_with_wcf,
        sum((weight * wcf)::decimal(38, 15))::double as wcf,
        min(wcf_low) as wcf_low,
        max(wcf_high) as wcf_high,
        min(wcf_year) as first_wcf_year,
        max(wcf_year) as last_wcf_year,
        bool_or(wcf_resolution = 'default') as has_default_wcf,
        count(td_loss) as members_with_td_loss,
        sum((weight * td_loss)::decimal(38, 15))::double as td_loss,
        min(td_loss_low) as td_loss_low,
        max(td_loss_high) as td_loss_high,
        min(td_loss_year) as first_td_loss_year,
        max(td_loss_year) as last_td_loss_year,
        bool_or(td_loss_resolution = 'default') as has_default_td_loss,
        min(known_region_id) filter (where wue is null) as first_without_wue,
        min(known_region_id) filter (where wcf is null) as first_without_wcf,
        arg_min(gap_reason, known_region_id) filter (where gap_reason is not null) as gap_reason,
        min(known_region_id) filter (where gap_reason is not null) as gap_region_id,
        to_json(list(
            {
                'region_id': known_region_id,
                'weight': weight,
                'pue': pue,
                'grid_g_co2e_per_kwh': grid_g,
                'grid_note': grid_note,
                'wue_l_per_kwh_it': wue,
                'wcf_l_per_kwh': wcf,
                'td_loss': td_loss
            } order by known_region_id
        )) as group_members,
        list_sort(list_distinct(flatten(list(
            [group_ref, region_ref, pue_ref, grid_ref, ratio_lifecycle_ref, ratio_direct_ref, wue_ref, wcf_ref, td_loss_ref]
        )))) as group_refs
    from site_member
    where placed_as = 'group'
    group by all
)

select
    factor_set, provider, region_id, charge_month,
    case when members_with_pue = members then pue / weights end as pue,
    case when members_with_pue = members then pue_low end as pue_low,
    case when members_with_pue = members then pue_high end as pue_high,
    case when has_default then 'default' when has_fleet then 'fleet' else 'parent_zone' end as pue_resolution,
    case when first_pue_year = last_pue_year then first_pue_year end as pue_year,
    concat('region_group:', provider, ':', region_id) as grid_zone,
    case when first_grid_year = last_grid_year then first_grid_year end as grid_year,
    case when members_with_grid = members then grid_g / weights end as grid_g_co2e_per_kwh,
    case when members_with_grid = members then grid_g_low end as grid_g_co2e_per_kwh_low,
    case when members_with_grid = members then grid_g_high end as grid_g_co2e_per_kwh_high,
    grid_boundary,
    case when members_with_grid = members then 'parent_zone' end as grid_resolution,
    'mean' as grid_basis,
    concat('mean of ', names) as grid_note,
    case when members_with_direct = members then direct_g / weights end as grid_direct_g_co2e_per_kwh,
    case when members_with_country_direct = members then country_direct_g / weights end as country_direct_g_co2e_per_kwh,
    case when gap_reason is not null then concat(gap_region_id, ' of ', region_id, ': ', gap_reason) end as gap_reason,
    concat('no contract covers ', region_id, ': it is several regions') as market_gap_reason,
    group_members,
    group_refs,
    case when members_with_wue = members then wue / weights end as wue_l_per_kwh_it,
    case when members_with_wue = members then wue_low end as wue_l_per_kwh_it_low,
    case when members_with_wue = members then wue_high end as wue_l_per_kwh_it_high,
    case when members_with_wue = members and first_wue_year = last_wue_year then first_wue_year end as wue_year,
    case when members_with_wue = members then case when has_fleet_wue then 'fleet' else 'parent_zone' end end as wue_resolution,
    case when members_with_wcf = members then wcf / weights end as wcf_l_per_kwh,
    case when members_with_wcf = members then wcf_low end as wcf_l_per_kwh_low,
    case when members_with_wcf = members then wcf_high end as wcf_l_per_kwh_high,
    case when members_with_wcf = members and first_wcf_year = last_wcf_year then first_wcf_year end as wcf_year,
    case when members_with_wcf = members then case when has_default_wcf then 'default' else 'parent_zone' end end as wcf_resolution,
    case when members_with_td_loss = members then td_loss / weights end as td_loss,
    case when members_with_td_loss = members then td_loss_low end as td_loss_low,
    case when members_with_td_loss = members then td_loss_high end as td_loss_high,
    case when first_td_loss_year = last_td_loss_year then first_td_loss_year end as td_loss_year,
    case when members_with_td_loss = members then case when has_default_td_loss then 'default' else 'parent_zone' end end
        as td_loss_resolution,
    nullif(concat_ws(
        '; ',
        case when first_without_wue is not null
            then concat('on-site: no water usage effectiveness within two years of ', year, ' for ', first_without_wue, ' of ', region_id)
        end,
        case when first_without_wcf is not null
            then concat('off-site: no water consumption factor for ', first_without_wcf, ' of ', region_id)
        end
    ), '') as water_gap_reason
from summed
order by provider, region_id, charge_month
