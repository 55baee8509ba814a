-- Line ids of the staged rows that another unit of the same source has for the same bill and month.
-- Grain: one row per repeated unit, the most repeated first.
with staged_period as (
    select distinct coalesce(provider, '') as provider, coalesce(billing_account_id, '') as billing_account_id, billing_month
    from temp.staged
),

rivals as (
    select distinct u.unit_id, u.scope
    from core.unit as u
    inner join core.bill_period as b on b.unit_id = u.unit_id
    inner join staged_period as p
        on p.provider = b.provider
        and p.billing_account_id = b.billing_account_id
        and p.billing_month = b.billing_month
    where u.source = $source and u.unit_id <> $unit_id and u.status in ('loaded', 'source_missing')
)

select r.scope, count(*) as repeated
from rivals as r
inner join core.usage as l on l.unit_id = r.unit_id
inner join (
    select distinct provider_line_id, billing_month from temp.staged where provider_line_id is not null
) as s on s.provider_line_id = l.provider_line_id and s.billing_month = l.billing_month
group by r.scope
order by repeated desc, r.scope
