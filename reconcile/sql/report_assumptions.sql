-- What the assumed part of the gap replaced by what. Grain: region x text. Parameters: since, until.
select distinct region_id, gap_grid_factor_assumption
from ledger.reconciliation_provider
where
    grain = 'region'
    and gap_grid_factor_assumption is not null
    and coalesce(usage_month >= date_trunc('month', $since::date), true)
    and coalesce(usage_month < $until::date, true)
order by region_id, gap_grid_factor_assumption
