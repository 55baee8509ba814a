-- Energy and emissions of every bill line by each model that was run on it. Grain: one row per line_id and model.
-- ledger.footprint holds the model in force; models stand beside each other and are never added.
select
    u.line_id,
    u.unit_id,
    r.disposition,
    r.gap_reason,
    r.location_based_gap_reason,
    r.market_based_gap_reason,
    r.water_gap_reason,
    r.usage_state,
    r.resource_kind,
    r.method,
    case when o.measured_share >= 0.5e0 then 2 else r.quality end as quality,
    o.observed_share,
    r.factor_set,
    r.factor_resolution,
    r.model,
    /* figures of u with o */
from core.usage as u
inner join core.rate as r
    on r.sku_id = u.sku_id
    and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
    and (u.consumed_quantity is not null or r.it_energy_kwh is null)
left join core.observed_figure as o on o.line_id = u.line_id and o.model = r.model and o.factor_set = r.factor_set
inner join core.setting as f on f.key = 'factor_set' and f.value = r.factor_set
