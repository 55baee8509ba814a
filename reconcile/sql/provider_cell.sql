-- Both sides of each cell with the parts of its gap. Grain: month x provider x account x region x service group.
-- The order is fixed, and each step makes the two sides more alike:
--   timing         the provider's month shrinks to the days that the bill holds;
--   boundary       our life-cycle grid factor becomes the direct one (scope 2 is direct);
--   reserved idle  unused reservations join our side, as the provider's figure has them;
--   coverage       what only one side has goes;
--   grid factor    assumed: our zone's direct factor becomes the country's, where that leaves a smaller rest.
-- What is left between the sides after that is unexplained.
with cell as (
    select
        coalesce(p.usage_month, m.usage_month) as usage_month,
        coalesce(p.provider, m.provider) as provider,
        coalesce(p.sub_account_id, m.sub_account_id) as sub_account_id,
        coalesce(p.region_id, m.region_id) as region_id,
        coalesce(p.service_group, m.service_group) as service_group,
        coalesce(p.billing_account_id, m.billing_account_id) as billing_account_id,
        p.service_group is not null as is_listed,
        coalesce(p.is_named, false) as is_named,
        p.model_version,
        p.kg_co2e as provider_kg,
        p.null_figures,
        p.null_reason,
        m.lines,
        m.gap_reason,
        m.energy_kwh,
        m.idle_energy_kwh,
        m.kg,
        m.kg_low,
        m.kg_high
    from provider_side as p
    full join model_side as m
        on m.usage_month = p.usage_month
        and m.provider = p.provider
        and m.sub_account_id is not distinct from p.sub_account_id
        and m.region_id = p.region_id
        and m.service_group = p.service_group
),

payer as ( -- whose months are known, on either side
    select
        usage_month,
        provider,
        list(distinct billing_account_id) filter (is_listed) as provider_payers,
        list(distinct billing_account_id) filter (lines > 0) as bill_payers,
        bool_or(is_named) as is_named
    from cell
    group by usage_month, provider
),

placed as (
    select
        c.*,
        coalesce(h.days_held, 0) as days_held,
        extract(day from last_day(c.usage_month))::integer as days_in_month,
        1e0 - coalesce(h.days_held, 0)::double / extract(day from last_day(c.usage_month)) as missing_share,
        c.energy_kwh is not null or c.idle_energy_kwh is not null as is_modelled,
        coalesce(c.billing_account_id is null or list_contains(y.provider_payers, c.billing_account_id), false)
            as has_provider_month,
        coalesce(c.billing_account_id is null or list_contains(y.bill_payers, c.billing_account_id), false) as has_bill_month,
        coalesce(y.is_named, false) as is_month_named,
        f.grid_g_co2e_per_kwh,
        f.grid_g_co2e_per_kwh_low,
        f.grid_g_co2e_per_kwh_high,
        f.grid_direct_g_co2e_per_kwh,
        f.grid_direct_ref,
        f.country_direct_g_co2e_per_kwh,
        f.country_direct_ref
    from cell as c
    left join days_held as h
        on h.usage_month = c.usage_month and h.provider = c.provider and h.sub_account_id is not distinct from c.sub_account_id
    left join payer as y on y.usage_month = c.usage_month and y.provider = c.provider
    left join core.site_factor as f
        on f.factor_set = (select value from core.setting where key = 'factor_set')
        and f.provider = c.provider
        and f.region_id = c.region_id
        and f.charge_month = c.usage_month
    where c.is_listed or c.energy_kwh is not null or c.idle_energy_kwh is not null
),

direct as ( -- our side at the direct factor, in kg; at the life-cycle factor where the region has no direct one
    select
        p.*,
        coalesce(p.energy_kwh * p.grid_direct_g_co2e_per_kwh / 1000e0, p.kg) as direct_kg,
        p.idle_energy_kwh * p.grid_direct_g_co2e_per_kwh / 1000e0 as idle_direct_kg,
        p.has_provider_month and p.has_bill_month and (p.provider_kg is not null or not p.is_listed) as has_gap
    from placed as p
),

part as (
    select
        d.*,
        case when d.has_gap then coalesce(d.kg, 0e0) - coalesce(d.provider_kg, 0e0) end as gap,
        case when d.has_gap then -d.provider_kg * d.missing_share end as gap_timing,
        case when d.has_gap then d.kg - d.energy_kwh * d.grid_direct_g_co2e_per_kwh / 1000e0 end as gap_boundary,
        case when d.has_gap then -d.idle_direct_kg end as gap_reserved_idle,
        case
            when not d.has_gap then null
            when not d.is_modelled then -d.provider_kg * (1e0 - d.missing_share)
            when d.provider_kg is null then coalesce(d.direct_kg, 0e0) + coalesce(d.idle_direct_kg, 0e0)
            else 0e0
        end as gap_coverage,
        case
            when d.has_gap and d.is_modelled and d.provider_kg is not null then
                (coalesce(d.energy_kwh, 0e0) + coalesce(d.idle_energy_kwh, 0e0))
                * (d.grid_direct_g_co2e_per_kwh - d.country_direct_g_co2e_per_kwh) / 1000e0
        end as assumed_grid_factor
    from direct as d
),

weighed as ( -- the rest of account and region without the assumption, and what the assumption would take from it
    select
        p.*,
        sum((
            p.gap - coalesce(p.gap_timing, 0e0) - coalesce(p.gap_boundary, 0e0) - coalesce(p.gap_reserved_idle, 0e0)
            - coalesce(p.gap_coverage, 0e0)
        )::decimal(38, 15)) over place as rest,
        sum(p.assumed_grid_factor::decimal(38, 15)) over place as assumed
    from part as p
    window place as (partition by p.usage_month, p.provider, p.sub_account_id, p.region_id)
)

select
    w.* exclude (rest, assumed, assumed_grid_factor),
    case
        when w.assumed_grid_factor is null then null
        when abs(w.rest - w.assumed) < abs(w.rest) then w.assumed_grid_factor
        else 0e0
    end as gap_grid_factor
from weighed as w
