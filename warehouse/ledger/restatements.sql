-- What changed between two loads of the same unit, or when it was rated anew with other factors or another method.
-- Grain: unit x generation replaced x month x accounts x provider x service x region x unit of quantity x currency.
-- Only rows whose figures differ; `to` is the next generation, kept or current. A unit that was empty, or whose bill
-- another source had taken over, stands as 0 lines.
with known as (
    select * from ledger.history where unit_id in (select unit_id from core.generation_sum)
),

change as (
    select
        coalesce(a.recorded_to, b.recorded_from) as recorded_at,
        coalesce(a.replaced_by, b.made_by) as cause,
        coalesce(a.source, b.source) as source,
        coalesce(a.scope, b.scope) as scope,
        coalesce(a.unit_id, b.unit_id) as unit_id,
        coalesce(a.generation, b.generation - 1) as generation_from,
        coalesce(a.charge_month, b.charge_month) as charge_month,
        coalesce(a.billing_account_id, b.billing_account_id) as billing_account_id,
        coalesce(a.sub_account_id, b.sub_account_id) as sub_account_id,
        coalesce(a.provider, b.provider) as provider,
        coalesce(a.service_name, b.service_name) as service_name,
        coalesce(a.region_id, b.region_id) as region_id,
        coalesce(a.consumed_unit, b.consumed_unit) as consumed_unit,
        coalesce(a.billing_currency, b.billing_currency) as billing_currency,
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
        a.location_based_kg_co2e_low as location_based_kg_co2e_low_from,
        b.location_based_kg_co2e_low as location_based_kg_co2e_low_to,
        a.location_based_kg_co2e_high as location_based_kg_co2e_high_from,
        b.location_based_kg_co2e_high as location_based_kg_co2e_high_to,
        a.embodied_kg_co2e as embodied_kg_co2e_from,
        b.embodied_kg_co2e as embodied_kg_co2e_to,
        a.market_based_kg_co2e as market_based_kg_co2e_from,
        b.market_based_kg_co2e as market_based_kg_co2e_to
    from (from known where replaced_by is not null) as a
    full join (from known where made_by is not null) as b
        on b.unit_id = a.unit_id
        and b.generation = a.generation + 1
        and b.charge_month is not distinct from a.charge_month
        and b.billing_account_id is not distinct from a.billing_account_id
        and b.sub_account_id is not distinct from a.sub_account_id
        and b.provider is not distinct from a.provider
        and b.service_name is not distinct from a.service_name
        and b.region_id is not distinct from a.region_id
        and b.consumed_unit is not distinct from a.consumed_unit
        and b.billing_currency is not distinct from a.billing_currency
)

select *
from change
where
    lines_from <> lines_to
    or consumed_quantity_from is distinct from consumed_quantity_to
    or billed_cost_from is distinct from billed_cost_to
    or effective_cost_from is distinct from effective_cost_to
    or energy_kwh_from is distinct from energy_kwh_to
    or location_based_kg_co2e_from is distinct from location_based_kg_co2e_to
    or location_based_kg_co2e_low_from is distinct from location_based_kg_co2e_low_to
    or location_based_kg_co2e_high_from is distinct from location_based_kg_co2e_high_to
    or embodied_kg_co2e_from is distinct from embodied_kg_co2e_to
    or market_based_kg_co2e_from is distinct from market_based_kg_co2e_to
