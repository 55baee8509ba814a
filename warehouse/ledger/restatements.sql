-- What changed between two loads of the same unit, or when it was rated anew with other factors. Grain: unit x generation replaced x month x account x service x region x unit of quantity x currency.
-- Only rows whose figures differ; `to` is the next generation, kept or current. A unit that was empty, or whose bill
-- another source had taken over, stands as 0 lines.
with current_sum as (
    select
        d.unit_id,
        n.generation,
        d.charge_month, d.billing_account_id, d.sub_account_id,
        s.service_name, s.region_id, s.consumed_unit, d.billing_currency,
        sum(d.lines)::bigint as lines,
        sum(d.consumed_quantity::decimal(38, 15))::double as consumed_quantity,
        sum(d.billed_cost)::decimal(38, 12) as billed_cost,
        sum(d.effective_cost)::decimal(38, 12) as effective_cost,
        sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
        sum((d.consumed_quantity * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
        sum((d.consumed_quantity * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
        sum((d.consumed_quantity * r.market_based_kg_co2e)::decimal(38, 15))::double as market_based_kg_co2e
    from core.usage_daily as d
    inner join core.unit as n on n.unit_id = d.unit_id
    inner join core.sku as s on s.sku_id = d.sku_id
    left join core.rate_in_force as r
        on r.sku_id = d.sku_id
        and r.charge_month = d.charge_month
        and coalesce(r.usage_state, 'used') = 'used'
    where d.unit_id in (select unit_id from core.generation_sum)
    group by all
),

generations as (
    select * exclude (recorded_at, cause) from core.generation_sum
    union all by name
    select * from current_sum
),

steps as (
    select distinct unit_id, generation, recorded_at, cause from core.generation_sum
),

keys as (
    select distinct
        p.unit_id, p.generation, p.recorded_at, p.cause,
        g.charge_month, g.billing_account_id, g.sub_account_id,
        g.service_name, g.region_id, g.consumed_unit, g.billing_currency
    from steps as p
    inner join generations as g on g.unit_id = p.unit_id and g.generation in (p.generation, p.generation + 1)
)

select
    k.recorded_at,
    k.cause,
    n.source,
    n.scope,
    k.unit_id,
    k.generation as generation_from,
    k.charge_month,
    k.billing_account_id,
    k.sub_account_id,
    k.service_name,
    k.region_id,
    k.consumed_unit,
    k.billing_currency,
    coalesce(a.lines, 0) as lines_from,
    coalesce(b.lines, 0) as lines_to,
    a.consumed_quantity as consumed_quantity_from,
    b.consumed_quantity as consumed_quantity_to,
    a.billed_cost as billed_cost_from,
    b.billed_cost as billed_cost_to,
    a.effective_cost as effective_cost_from,
    b.effective_cost as effective_cost_to,
    a.energy_kwh as energy_kwh_from,
    b.energy_kwh as energy_kwh_to,
    a.location_based_kg_co2e as location_based_kg_co2e_from,
    b.location_based_kg_co2e as location_based_kg_co2e_to,
    a.embodied_kg_co2e as embodied_kg_co2e_from,
    b.embodied_kg_co2e as embodied_kg_co2e_to,
    a.market_based_kg_co2e as market_based_kg_co2e_from,
    b.market_based_kg_co2e as market_based_kg_co2e_to
from keys as k
inner join core.unit as n on n.unit_id = k.unit_id
left join generations as a
    on a.unit_id = k.unit_id and a.generation = k.generation
    and a.charge_month is not distinct from k.charge_month
    and a.billing_account_id is not distinct from k.billing_account_id
    and a.sub_account_id is not distinct from k.sub_account_id
    and a.service_name is not distinct from k.service_name
    and a.region_id is not distinct from k.region_id
    and a.consumed_unit is not distinct from k.consumed_unit
    and a.billing_currency is not distinct from k.billing_currency
left join generations as b
    on b.unit_id = k.unit_id and b.generation = k.generation + 1
    and b.charge_month is not distinct from k.charge_month
    and b.billing_account_id is not distinct from k.billing_account_id
    and b.sub_account_id is not distinct from k.sub_account_id
    and b.service_name is not distinct from k.service_name
    and b.region_id is not distinct from k.region_id
    and b.consumed_unit is not distinct from k.consumed_unit
    and b.billing_currency is not distinct from k.billing_currency
where
    coalesce(a.lines, 0) <> coalesce(b.lines, 0)
    or a.consumed_quantity is distinct from b.consumed_quantity
    or a.billed_cost is distinct from b.billed_cost
    or a.effective_cost is distinct from b.effective_cost
    or a.energy_kwh is distinct from b.energy_kwh
    or a.location_based_kg_co2e is distinct from b.location_based_kg_co2e
    or a.embodied_kg_co2e is distinct from b.embodied_kg_co2e
    or a.market_based_kg_co2e is distinct from b.market_based_kg_co2e
