-- The three answers side by side, in kWh, and what they cover. Grain: month x provider.
-- Parameters: since, until (months that they touch).
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
    estimated_billed_cost_share as estimated_cost_share,
    tracked_machine_hours_share as tracked_hours_share
from ledger.reconciliation_summary
where
    coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
order by usage_month, provider
