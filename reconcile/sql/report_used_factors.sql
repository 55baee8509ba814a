-- The factor rows that the estimates of the period rest on. Grain: factor_id. Parameters: since, until.
with used as (
    select distinct d.sku_id, d.charge_month
    from core.usage_daily as d
    where coalesce(d.usage_date >= $since::date, true) and coalesce(d.usage_date < $until::date, true)
),

named as (
    select unnest(r.factor_refs) as factor_id
    from used as u
    inner join ledger.rates as r on r.sku_id = u.sku_id and r.charge_month = u.charge_month
    where
        r.model = (select value from core.setting where key = 'model')
        and r.factor_set = (select value from core.setting where key = 'factor_set')
        and r.disposition = 'estimated'
    union all
    select unnest([f.grid_direct_ref, f.country_direct_ref])
    from core.reconciliation_provider as p
    inner join core.site_factor as f
        on f.provider = p.provider
        and f.region_id = p.region_id
        and f.charge_month = p.usage_month
        and f.factor_set = (select value from core.setting where key = 'factor_set')
    where
        coalesce(p.usage_month >= date_trunc('month', $since::date), true)
        and coalesce(p.usage_month < $until::date, true)
)

select distinct factor_id
from named
where factor_id is not null
