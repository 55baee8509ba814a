-- The energy in use that has no emissions, in kWh; null where all has. Grain: one row. Parameters: since, until (months that they touch).
select sum(model_energy_without_grid_kwh::decimal(38, 15))::double
from ledger.reconciliation_summary
where
    coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
