-- The three answers side by side. Grain: month x provider. Parameters: since, until (months that they touch).
select
    usage_month,
    provider,
    model_energy_kwh,
    model_energy_kwh_low,
    model_energy_kwh_high,
    provider_implied_kwh,
    provider_implied_kwh_low,
    provider_implied_kwh_high,
    tracker_it_energy_kwh,
    tracked_model_it_energy_kwh,
    model_location_based_kg_co2e,
    model_location_based_kg_co2e_low,
    model_location_based_kg_co2e_high,
    provider_scope_2_location_based_kg_co2e,
    provider_market_based_kg_co2e,
    gap_kg_co2e,
    gap_unexplained_kg_co2e,
    estimated_billed_cost_share,
    tracked_machine_hours_share,
    provider_model_version
from ledger.reconciliation_summary
where
    coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
order by usage_month, provider
