-- How location-based emissions of each month went from what was known at a moment to what is known now, by cause.
-- Grain: charge month; then + first_loaded + activity + factors + method = now. Parameters: moment, since, until (charge months).
-- Reads: ledger.history, ledger.restatements. A change counts whole: what it replaced and what came in its place.
with step as (
    select
        charge_month,
        'then' as what,
        location_based_kg_co2e as kg
    from ledger.history
    where recorded_from <= $moment::timestamp and coalesce($moment::timestamp < recorded_to, true)
    union all
    select charge_month, 'now', location_based_kg_co2e
    from ledger.history
    where recorded_to is null
    union all
    select charge_month, 'first_loaded', location_based_kg_co2e
    from ledger.history
    where made_by is null and recorded_from > $moment::timestamp
    union all
    select
        charge_month, cause,
        (coalesce(location_based_kg_co2e_to, 0e0)::decimal(38, 15) - coalesce(location_based_kg_co2e_from, 0e0)::decimal(38, 15))::double
    from ledger.restatements
    where recorded_at > $moment::timestamp
)

select
    charge_month,
    sum((case when what = 'then' then kg end)::decimal(38, 15))::double as location_based_kg_co2e_then,
    sum((case when what = 'first_loaded' then kg end)::decimal(38, 15))::double as first_loaded_kg_co2e,
    sum((case when what = 'activity' then kg end)::decimal(38, 15))::double as activity_kg_co2e,
    sum((case when what = 'factors' then kg end)::decimal(38, 15))::double as factors_kg_co2e,
    sum((case when what = 'method' then kg end)::decimal(38, 15))::double as method_kg_co2e,
    sum((case when what = 'now' then kg end)::decimal(38, 15))::double as location_based_kg_co2e_now
from step
where
    coalesce(charge_month >= date_trunc('month', $since::date), true)
    and coalesce(charge_month < $until::date, true)
group by charge_month
having count(kg) > 0
order by charge_month
