-- One bill has one source: no month of a billing account, and of its provider's figures, is in force from two.
select u.table_name, b.provider, b.billing_account_id, b.billing_month, string_agg(distinct u.source, ', ' order by u.source) as sources
from core.bill_period as b
inner join core.unit as u on u.unit_id = b.unit_id
where u.status in ('loaded', 'source_missing')
group by all
having count(distinct u.source) > 1
order by all
