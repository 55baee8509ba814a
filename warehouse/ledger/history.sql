-- What each unit of a bill summed to, at every time: the content that was replaced and the content in force. Read it as of a moment with `recorded_from <= T and coalesce(T < recorded_to, true)`.
-- Grain: unit x generation x month x accounts x provider x service x region x unit of quantity x currency. Energy and emissions are
-- those of lines in use. A generation without rows (delivered empty, or the bill taken over by another source) has one row of 0 lines.
with step as (
    select distinct unit_id, generation, recorded_at, cause from core.generation_sum
),

known as (
    select * exclude (recorded_at, cause) from core.generation_sum
    union all by name
    select * from core.current_sum
)

select
    coalesce(b.recorded_at, n.first_loaded_at) as recorded_from,
    e.recorded_at as recorded_to,
    b.cause as made_by,
    e.cause as replaced_by,
    n.source,
    n.scope,
    k.unit_id,
    k.generation,
    k.charge_month,
    k.provider,
    k.billing_account_id,
    k.sub_account_id,
    k.service_name,
    k.region_id,
    k.consumed_unit,
    k.billing_currency,
    k.lines,
    k.consumed_quantity,
    k.billed_cost,
    k.effective_cost,
    k.energy_kwh,
    k.energy_kwh_low,
    k.energy_kwh_high,
    k.location_based_kg_co2e,
    k.location_based_kg_co2e_low,
    k.location_based_kg_co2e_high,
    k.market_based_kg_co2e,
    k.embodied_kg_co2e
from known as k
inner join core.unit as n on n.unit_id = k.unit_id
left join step as b on b.unit_id = k.unit_id and b.generation = k.generation - 1
left join step as e on e.unit_id = k.unit_id and e.generation = k.generation
