left join core.owner as o
    on o.dimension = getvariable(/* variable */)
    and o.provider is not distinct from d.provider
    and o.billing_account_id is not distinct from d.billing_account_id
    and o.sub_account_id is not distinct from d.sub_account_id
    and o.tag_set_id is not distinct from d.tag_set_id
