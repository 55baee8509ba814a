-- Tracker runs against the billed resources they ran on, as IT energy over the overlap.
-- Grain: tracker run x billed resource; a run without a match keeps its row at level L5. Filled by `wattledger reconcile`.
select
    tool,
    run_id,
    resource_id,
    match_level,
    overlap_start,
    overlap_end,
    overlap_h,
    run_h,
    billed_h,
    tracker_it_energy_kwh,
    model_it_energy_kwh,
    model_it_energy_kwh_low,
    model_it_energy_kwh_high,
    ratio,
    effective_cost,
    billing_currency,
    grade,
    verdict,
    reason
from core.reconciliation_run
