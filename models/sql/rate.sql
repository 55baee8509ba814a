-- The rate card rows that are wanted: everything per unit of consumed_quantity.
-- Grain: one row per SKU and charge month of `wanted`. Energy in kWh, emissions in kg CO2e, water in litres.
-- Reads: wanted, core.sku, core.sku_class, machine_rate, machine_input, coefficient_rate, core.site_factor, site_spread.
-- Every wanted row comes out once: one without a figure keeps nulls and says why. Where the grid or a water factor is
-- unknown, energy and embodied carbon stand, and the reason is beside what is missing.
with physical as ( -- IT energy of one physical unit, and how many of them one billed unit is
    select
        w.model, w.factor_set, w.sku_id, w.charge_month,
        s.provider, s.region_id,
        c.rule_id, c.disposition, c.gap_reason, c.usage_state, c.resource_kind, c.method, c.hardware,
        c.coefficient_key, c.physical_unit, c.machines, c.basis,
        c.unit_quantity
        * case c.unit_per when 'month' then extract(day from last_day(w.charge_month)) * 24e0 else 1e0 end
            as physical_per_unit,
        case when c.energy_part = 'compute' then coalesce(m.compute_kwh, k.it_energy_kwh) else 0e0 end as compute_kwh,
        case when c.energy_part = 'accelerator' then k.it_energy_kwh else coalesce(m.accelerator_kwh, 0e0) end as accelerator_kwh,
        case when c.energy_part = 'memory' then k.it_energy_kwh else coalesce(m.memory_kwh, 0e0) end as memory_kwh,
        case when c.energy_part = 'storage' then k.it_energy_kwh else 0e0 end as storage_kwh,
        case when c.energy_part = 'network' then k.it_energy_kwh else 0e0 end as network_kwh,
        case when c.method = 'coefficient' then k.it_energy_kwh else m.it_energy_kwh end as unit_kwh,
        case when c.method = 'coefficient' then k.it_down else m.it_down end as it_down,
        case when c.method = 'coefficient' then k.it_up else m.it_up end as it_up,
        m.embodied_kg_co2e, m.embodied_down, m.embodied_up,
        case when i.rung in ('family', 'class') then 'default' else 'exact' end as resolution,
        i.rung,
        i.method <> 'cpu_surplus' and i.cpu_load_pct is not null
        and (i.accelerators = 0e0 or i.accelerator_load_pct is not null) as is_observed
    from wanted as w
    inner join core.sku as s on s.sku_id = w.sku_id
    inner join core.sku_class as c on c.sku_id = w.sku_id
    left join machine_rate as m on m.basis = c.basis
    left join machine_input as i on i.basis = c.basis
    left join coefficient_rate as k on k.basis = c.basis
),

judged as ( -- a line that has a rule may still lack a machine, a coefficient or a site
    select
        p.*,
        case
            when p.disposition <> 'estimated' then p.gap_reason
            when p.method = 'coefficient' and p.unit_kwh is null
                then concat('the factor set lacks a coefficient of ', p.coefficient_key)
            when p.unit_kwh is null
                then concat('unknown hardware ', coalesce(p.hardware, '(none named)'), ': neither it nor its family is in the factor set')
            when coalesce(p.region_id, '') = '' then 'no region'
            when f.pue is null
                then coalesce(f.gap_reason, concat('no site factors for region ', p.region_id))
        end as gap,
        p.physical_per_unit * p.machines as scale,
        f.pue, f.pue_low, f.pue_high, f.pue_resolution,
        f.grid_g_co2e_per_kwh, f.grid_g_co2e_per_kwh_low, f.grid_g_co2e_per_kwh_high, f.grid_resolution,
        case when f.grid_g_co2e_per_kwh is not null then f.grid_boundary end as grid_boundary,
        case when f.grid_g_co2e_per_kwh is null then f.gap_reason end as grid_gap,
        f.grid_direct_g_co2e_per_kwh,
        f.market_g_co2e_per_kwh, f.market_g_co2e_per_kwh_high, f.market_gap_reason,
        f.wue_l_per_kwh_it, f.wue_l_per_kwh_it_high, f.wue_resolution,
        f.wcf_l_per_kwh, f.wcf_resolution, f.water_gap_reason,
        x.pue_down, x.pue_up, x.grid_down, x.grid_up, x.market_down, x.market_up,
        x.lost_per_delivered, x.td_loss_down, x.td_loss_up, x.wue_down, x.wue_up, x.wcf_down, x.wcf_up,
        x.water_l_per_kwh_it, x.water_down, x.water_up
    from physical as p
    left join core.site_factor as f
        on f.factor_set = p.factor_set
        and f.provider = p.provider
        and f.region_id = p.region_id
        and f.charge_month = p.charge_month
    left join site_spread as x
        on x.provider = p.provider
        and x.region_id = p.region_id
        and x.charge_month = p.charge_month
),

estimated as (
    select
        j.*,
        greatest(
            case j.resolution when 'default' then 4 else 0 end,
            case j.pue_resolution
                when 'exact' then 0 when 'nearest_year' then 1 when 'parent_zone' then 2 when 'fleet' then 3 else 4
            end,
            case coalesce(j.grid_resolution, 'exact')
                when 'exact' then 0 when 'nearest_year' then 1 when 'parent_zone' then 2 when 'fleet' then 3 else 4
            end
        ) as weakest,
        case
            when coalesce(j.wue_resolution, j.wcf_resolution) is not null then greatest(
                case coalesce(j.wue_resolution, 'exact')
                    when 'exact' then 0 when 'nearest_year' then 1 when 'parent_zone' then 2 when 'fleet' then 3 else 4
                end,
                case coalesce(j.wcf_resolution, 'exact')
                    when 'exact' then 0 when 'nearest_year' then 1 when 'parent_zone' then 2 when 'fleet' then 3 else 4
                end
            )
        end as water_weakest
    from judged as j
    where j.gap is null
)

select
    j.model,
    j.factor_set,
    j.sku_id,
    j.charge_month,
    j.rule_id,
    case when j.disposition = 'estimated' and j.gap is not null then 'unmodelled' else j.disposition end as disposition,
    j.gap as gap_reason,
    case when s.sku_id is not null then j.usage_state end as usage_state,
    case when s.sku_id is not null then j.resource_kind end as resource_kind,
    case when s.sku_id is not null then j.method end as method,
    case when s.sku_id is not null then
        case when j.method = 'coefficient' or j.rung = 'class' then 4 when j.is_observed then 2 else 3 end
    end as quality,
    case s.weakest
        when 0 then 'exact' when 1 then 'nearest_year' when 2 then 'parent_zone' when 3 then 'fleet' when 4 then 'default'
    end as factor_resolution,
    case when s.sku_id is not null then j.physical_unit end as physical_unit,
    case when s.sku_id is not null then j.physical_per_unit end as physical_per_unit,
    case when s.sku_id is not null then j.machines end as machines,
    case when s.sku_id is not null then j.rung end as hardware_rung,
    case when s.sku_id is not null then j.basis end as basis,
    s.scale * s.compute_kwh as compute_it_energy_kwh,
    s.scale * s.accelerator_kwh as accelerator_it_energy_kwh,
    s.scale * s.memory_kwh as memory_it_energy_kwh,
    s.scale * s.storage_kwh as storage_it_energy_kwh,
    s.scale * s.network_kwh as network_it_energy_kwh,
    s.scale * s.unit_kwh as it_energy_kwh,
    coalesce(s.scale * s.unit_kwh * exp(-sqrt(s.it_down)), 0e0 * s.unit_kwh) as it_energy_kwh_low,
    s.scale * s.unit_kwh * exp(sqrt(s.it_up)) as it_energy_kwh_high,
    s.pue,
    s.pue_low,
    s.pue_high,
    s.scale * s.unit_kwh * s.pue as energy_kwh,
    coalesce(s.scale * s.unit_kwh * s.pue * exp(-sqrt(s.it_down + s.pue_down)), 0e0 * s.unit_kwh) as energy_kwh_low,
    s.scale * s.unit_kwh * s.pue * exp(sqrt(s.it_up + s.pue_up)) as energy_kwh_high,
    s.grid_g_co2e_per_kwh,
    s.grid_g_co2e_per_kwh_low,
    s.grid_g_co2e_per_kwh_high,
    s.grid_boundary,
    s.grid_direct_g_co2e_per_kwh,
    s.scale * s.unit_kwh * s.pue * s.grid_g_co2e_per_kwh / 1000e0 as location_based_kg_co2e,
    coalesce(
        s.scale * s.unit_kwh * s.pue * s.grid_g_co2e_per_kwh / 1000e0 * exp(-sqrt(s.it_down + s.pue_down + s.grid_down)),
        0e0 * s.unit_kwh * s.grid_g_co2e_per_kwh
    ) as location_based_kg_co2e_low,
    coalesce( -- of a grid at zero the high end alone tells the range
        s.scale * s.unit_kwh * s.pue * s.grid_g_co2e_per_kwh / 1000e0 * exp(sqrt(s.it_up + s.pue_up + s.grid_up)),
        s.scale * s.unit_kwh * s.pue * s.grid_g_co2e_per_kwh_high / 1000e0 * exp(sqrt(s.it_up + s.pue_up))
    ) as location_based_kg_co2e_high,
    s.grid_gap as location_based_gap_reason,
    s.scale * s.unit_kwh * s.pue * s.market_g_co2e_per_kwh / 1000e0 as market_based_kg_co2e,
    coalesce(
        s.scale * s.unit_kwh * s.pue * s.market_g_co2e_per_kwh / 1000e0 * exp(-sqrt(s.it_down + s.pue_down + s.market_down)),
        0e0 * s.unit_kwh * s.market_g_co2e_per_kwh
    ) as market_based_kg_co2e_low,
    coalesce(
        s.scale * s.unit_kwh * s.pue * s.market_g_co2e_per_kwh / 1000e0 * exp(sqrt(s.it_up + s.pue_up + s.market_up)),
        s.scale * s.unit_kwh * s.pue * s.market_g_co2e_per_kwh_high / 1000e0 * exp(sqrt(s.it_up + s.pue_up))
    ) as market_based_kg_co2e_high,
    case when s.sku_id is not null and s.market_g_co2e_per_kwh is null then s.market_gap_reason end as market_based_gap_reason,
    -- what the grid loses is made beside what it delivers: delivered x loss / (1 - loss)
    s.scale * s.unit_kwh * s.pue * s.grid_g_co2e_per_kwh / 1000e0 * s.lost_per_delivered as td_loss_kg_co2e,
    coalesce(
        s.scale * s.unit_kwh * s.pue * s.grid_g_co2e_per_kwh / 1000e0 * s.lost_per_delivered
        * exp(-sqrt(s.it_down + s.pue_down + s.grid_down + s.td_loss_down)),
        0e0 * s.unit_kwh * s.grid_g_co2e_per_kwh * s.lost_per_delivered
    ) as td_loss_kg_co2e_low,
    coalesce(
        s.scale * s.unit_kwh * s.pue * s.grid_g_co2e_per_kwh / 1000e0 * s.lost_per_delivered
        * exp(sqrt(s.it_up + s.pue_up + s.grid_up + s.td_loss_up)),
        s.scale * s.unit_kwh * s.pue * s.grid_g_co2e_per_kwh_high / 1000e0 * s.lost_per_delivered
        * exp(sqrt(s.it_up + s.pue_up + s.td_loss_up))
    ) as td_loss_kg_co2e_high,
    s.scale * s.embodied_kg_co2e as embodied_kg_co2e,
    coalesce(s.scale * s.embodied_kg_co2e * exp(-sqrt(s.embodied_down)), 0e0 * s.embodied_kg_co2e) as embodied_kg_co2e_low,
    coalesce(s.scale * s.embodied_kg_co2e * exp(sqrt(s.embodied_up)), 0e0 * s.embodied_kg_co2e) as embodied_kg_co2e_high,
    s.scale * s.unit_kwh * s.wue_l_per_kwh_it as water_onsite_l,
    coalesce(
        s.scale * s.unit_kwh * s.wue_l_per_kwh_it * exp(-sqrt(s.it_down + s.wue_down)),
        0e0 * s.unit_kwh * s.wue_l_per_kwh_it
    ) as water_onsite_l_low,
    coalesce( -- of a site at zero the high end alone tells the range
        s.scale * s.unit_kwh * s.wue_l_per_kwh_it * exp(sqrt(s.it_up + s.wue_up)),
        s.scale * s.unit_kwh * s.wue_l_per_kwh_it_high * exp(sqrt(s.it_up))
    ) as water_onsite_l_high,
    s.scale * s.unit_kwh * s.pue * s.wcf_l_per_kwh as water_offsite_l,
    coalesce(
        s.scale * s.unit_kwh * s.pue * s.wcf_l_per_kwh * exp(-sqrt(s.it_down + s.pue_down + s.wcf_down)),
        0e0 * s.unit_kwh * s.wcf_l_per_kwh
    ) as water_offsite_l_low,
    s.scale * s.unit_kwh * s.pue * s.wcf_l_per_kwh * exp(sqrt(s.it_up + s.pue_up + s.wcf_up)) as water_offsite_l_high,
    s.scale * s.unit_kwh * s.water_l_per_kwh_it as water_l,
    coalesce(
        s.scale * s.unit_kwh * s.water_l_per_kwh_it * exp(-sqrt(s.it_down + s.water_down)),
        0e0 * s.unit_kwh * s.water_l_per_kwh_it
    ) as water_l_low,
    s.scale * s.unit_kwh * s.water_l_per_kwh_it * exp(sqrt(s.it_up + s.water_up)) as water_l_high,
    case s.water_weakest
        when 0 then 'exact' when 1 then 'nearest_year' when 2 then 'parent_zone' when 3 then 'fleet' when 4 then 'default'
    end as water_resolution,
    s.water_gap_reason
from judged as j
left join estimated as s on s.sku_id = j.sku_id and s.charge_month = j.charge_month
