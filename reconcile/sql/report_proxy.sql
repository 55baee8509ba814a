-- What the spend proxy says, apart from every lane. Grain: provider, none without such lines. Parameters: since, until
-- (months that they touch).
select
    provider,
    sum(proxy_energy_kwh::decimal(38, 15))::double as energy_kwh
from ledger.reconciliation_summary
where
    proxy_energy_kwh is not null
    and coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
group by provider
order by provider
