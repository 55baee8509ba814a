-- Model and provider in kg CO2e, with the gap between them. Grain: month x provider. Parameters: since, until.
select
    usage_month,
    provider,
    model_location_based_kg_co2e,
    model_location_based_kg_co2e_low,
    model_location_based_kg_co2e_high,
    provider_scope_2_location_based_kg_co2e,
    gap_kg_co2e,
    gap_unexplained_kg_co2e,
    provider_market_based_kg_co2e,
    model_embodied_kg_co2e
from ledger.reconciliation_summary
where
    coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
order by usage_month, provider
