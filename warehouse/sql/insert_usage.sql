-- The unit's lines. Grain: one row per staged row; its number follows from the unit and the position.
insert into core.usage
select
    $first_line_id::bigint + s.file_row_number as line_id,
    $unit_id::bigint as unit_id,
    k.sku_id,
    t.tag_set_id,
    s.provider_line_id,
    s.billing_account_id,
    s.sub_account_id,
    s.resource_id,
    s.charge_period_start,
    s.charge_period_end,
    s.billing_month,
    s.consumed_quantity,
    s.billed_cost,
    s.effective_cost,
    s.cost_basis,
    s.billing_currency
from temp.staged as s
inner join temp.staged_sku as k on /* same sku */
left join temp.staged_tag_set as t on t.tags = s.tags
