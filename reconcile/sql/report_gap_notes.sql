-- What the rows of the comparison say in words. Grain: text x account x region. Parameters: since, until.
select
    sub_account_id,
    region_id,
    note,
    min(usage_month) as first_month,
    max(usage_month) as last_month
from ledger.reconciliation_provider
where
    grain = 'region'
    and note is not null
    and coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
group by sub_account_id, region_id, note
order by first_month, sub_account_id, region_id, note
