-- Every bill line as delivered. Grain: one row per line_id.
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
    u.sku_id
from core.usage as u
inner join core.sku as s on s.sku_id = u.sku_id
left join core.tag_set as t on t.tag_set_id = u.tag_set_id
