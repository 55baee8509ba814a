-- Model against provider by account and region, the largest gap of a month first. Parameters: since, until.
select
    usage_month,
    provider,
    sub_account_id,
    region_id,
    model_location_based_kg_co2e,
    provider_location_based_kg_co2e,
    ratio,
    gap_kg_co2e,
    largest_cause,
    verdict
from ledger.reconciliation_provider
where
    grain = 'region'
    and coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
order by usage_month, abs(gap_kg_co2e) desc nulls last, provider, sub_account_id, region_id
