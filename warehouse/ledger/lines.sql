-- Every bill line with its footprint: the columns of ledger.usage, then those of ledger.footprint.
-- Grain: one row per line_id. Written out rather than joined, so that a sum over it reads the bill once.
with in_force as (
    select
        max(case when key = 'model' then value end) as model,
        max(case when key = 'factor_set' then value end) as factor_set
    from core.setting
)

select
    u.line_id,
    u.provider_line_id,
    s.provider,
    u.billing_account_id,
    u.sub_account_id,
    s.service_name,
    s.service_code,
    s.region_id,
    s.sku_meter,
    s.operation,
    s.instance_type,
    u.resource_id,
    u.charge_period_start,
    u.charge_period_end,
    u.charge_period_start::date as usage_date,
    u.billing_month,
    u.consumed_quantity,
    s.consumed_unit,
    u.billed_cost,
    u.effective_cost,
    u.cost_basis,
    u.billing_currency,
    t.tags,
    u.tag_set_id,
    s.charge_category,
    s.line_type,
    u.unit_id,
    u.sku_id,
    case when p.sku_id is not null then 'proxy' else coalesce(r.disposition, 'unmodelled') end as disposition,
    case
        when r.sku_id is not null then r.gap_reason
        when u.charge_period_start is null then 'no charge period'
        when u.consumed_quantity is null then 'no quantity'
        else 'not rated: run `wattledger estimate`'
    end as gap_reason,
    r.location_based_gap_reason,
    r.market_based_gap_reason,
    r.water_gap_reason,
    r.usage_state,
    r.resource_kind,
    case when p.sku_id is not null then 'spend_proxy' else r.method end as method,
    case when o.measured_share >= 0.5e0 then 2 when p.sku_id is not null then 5 else r.quality end as quality,
    o.observed_share,
    f.factor_set,
    r.factor_resolution,
    f.model,
    /* figures of u with o */
from core.usage as u
inner join core.sku as s on s.sku_id = u.sku_id
left join core.tag_set as t on t.tag_set_id = u.tag_set_id
cross join in_force as f
left join core.rate_in_force as r
    on r.sku_id = u.sku_id
    and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
    and (u.consumed_quantity is not null or r.it_energy_kwh is null)
left join core.spend_rate as p -- the last rung, by cost
    on p.sku_id = u.sku_id
    and p.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
    and p.billing_currency = u.billing_currency
    and u.effective_cost is not null
    and coalesce(r.disposition, 'unmodelled') = 'unmodelled'
left join core.observed_figure as o on o.line_id = u.line_id and o.model = f.model and o.factor_set = f.factor_set
