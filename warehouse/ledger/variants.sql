-- The bill under each model beside the default one, and by which inputs the two differ. Lines in use; the parts of the difference sum to it.
-- Grain: charge month x provider x service x region x model. In this order one input after the other takes the other model's value:
-- replication, watts, utilization, PUE, grid, what multiplies emissions further, embodied carbon counted as energy. Where the other
-- model's figure reproduces a known error, replication, watts and utilization stand together as that error.
with quantity as (
    select
        d.charge_month,
        d.sku_id,
        sum(d.lines)::bigint as lines,
        sum(d.consumed_quantity::decimal(38, 15))::double as consumed_quantity
    from core.usage_daily as d
    where d.charge_month is not null
    group by d.charge_month, d.sku_id
),

in_force as (
    select value as factor_set from core.setting where key = 'factor_set'
),

card as (
    select r.*
    from core.rate as r
    inner join in_force as f on f.factor_set = r.factor_set
),

priced as (
    select
        q.charge_month, s.provider, s.service_name, s.region_id, m.model,
        q.lines,
        q.consumed_quantity as n,
        a.energy_kwh as a_energy, a.it_energy_kwh as a_it, a.pue as a_pue, a.grid_g_co2e_per_kwh / 1000e0 as a_grid,
        a.location_based_kg_co2e as a_kg, a.embodied_kg_co2e as a_embodied,
        coalesce(cast(json_extract_string(i.inputs, '$.copies') as double), 1e0) * coalesce(a.machines, 1e0) as a_copies,
        b.energy_kwh as b_energy, b.it_energy_kwh as b_it, b.pue as b_pue, b.grid_g_co2e_per_kwh / 1000e0 as b_grid,
        b.location_based_kg_co2e as b_kg, b.embodied_kg_co2e as b_embodied,
        coalesce(l.it_energy_kwh_at_default_utilization, b.it_energy_kwh) as b_it_same_load,
        l.copies as b_copies, l.embodied_energy_kwh, l.known_error,
        nullif(concat_ws('; ', l.known_error, json_extract_string(l.inputs, '$.other_error')), '') as errors,
        a.location_based_kg_co2e is not null and b.location_based_kg_co2e is not null as is_common
    from quantity as q
    inner join core.sku as s on s.sku_id = q.sku_id
    cross join (select distinct model from card where model <> 'default') as m
    left join card as a on a.model = 'default' and a.sku_id = q.sku_id and a.charge_month = q.charge_month
    left join card as b on b.model = m.model and b.sku_id = q.sku_id and b.charge_month = q.charge_month
    left join core.rate_input as i on i.model = 'default' and i.factor_set = a.factor_set and i.basis = a.basis
    left join core.lane_input as l
        on l.model = m.model and l.factor_set = b.factor_set and l.sku_id = q.sku_id and l.charge_month = q.charge_month
    where coalesce(a.usage_state, b.usage_state, 'used') = 'used'
),

stepped as ( -- IT energy after replication, and emissions with the default site
    select
        p.*,
        case when p.is_common then p.a_it * coalesce(p.b_copies / p.a_copies, 1e0) end as it_same_copies,
        case when p.is_common then p.a_pue * p.a_grid end as a_site,
        case when p.is_common then p.b_pue * p.b_grid end as b_site
    from priced as p
)

select
    charge_month,
    provider,
    service_name,
    region_id,
    model,
    sum(lines)::bigint as lines,
    sum(lines) filter (is_common)::bigint as common_lines,
    sum((n * a_energy)::decimal(38, 15))::double as default_energy_kwh,
    sum((n * b_energy)::decimal(38, 15))::double as energy_kwh,
    sum((n * embodied_energy_kwh)::decimal(38, 15))::double as embodied_energy_kwh,
    sum((n * a_kg)::decimal(38, 15))::double as default_location_based_kg_co2e,
    sum((n * b_kg)::decimal(38, 15))::double as location_based_kg_co2e,
    sum((n * a_embodied)::decimal(38, 15))::double as default_embodied_kg_co2e,
    sum((n * b_embodied)::decimal(38, 15))::double as embodied_kg_co2e,
    sum((case when is_common then n * a_kg end)::decimal(38, 15))::double as common_default_location_based_kg_co2e,
    sum((case when is_common then n * b_kg end)::decimal(38, 15))::double as common_location_based_kg_co2e,
    sum((case when not is_common then -n * a_kg end)::decimal(38, 15))::double as difference_only_default_kg_co2e,
    sum((case when not is_common then n * b_kg end)::decimal(38, 15))::double as difference_only_model_kg_co2e,
    sum((case when known_error is null then n * (it_same_copies - a_it) * a_site end)::decimal(38, 15))::double
        as difference_replication_kg_co2e,
    sum((case when known_error is null then n * (b_it_same_load - it_same_copies) * a_site end)::decimal(38, 15))::double
        as difference_watts_kg_co2e,
    sum((case when known_error is null then n * (b_it - b_it_same_load) * a_site end)::decimal(38, 15))::double
        as difference_utilization_kg_co2e,
    sum((case when known_error is not null then n * (b_it - a_it) * a_site end)::decimal(38, 15))::double
        as difference_known_error_kg_co2e,
    sum((n * b_it * (b_pue - a_pue) * case when is_common then a_grid end)::decimal(38, 15))::double as difference_pue_kg_co2e,
    sum((n * b_it * b_pue * case when is_common then b_grid - a_grid end)::decimal(38, 15))::double as difference_grid_kg_co2e,
    sum((n * (b_kg - b_it * b_site))::decimal(38, 15))::double as difference_uplift_kg_co2e,
    sum((n * embodied_energy_kwh * b_grid)::decimal(38, 15))::double as difference_embodied_as_energy_kg_co2e,
    list_sort(list_distinct(flatten(list(string_split(errors, '; ')) filter (errors is not null)))) as known_errors
from stepped
group by charge_month, provider, service_name, region_id, model
