-- The known errors that models' figures reproduce. Grain: model x error. Parameters: since, until (charge months).
-- Reads: ledger.variants.
with told as (
    select model, service_name, unnest(known_errors) as known_error
    from ledger.variants
    where
        coalesce(charge_month >= date_trunc('month', $since::date), true)
        and coalesce(charge_month < $until::date, true)
)

select model, known_error, string_agg(distinct service_name, ', ' order by service_name) as services
from told
group by model, known_error
order by model, known_error
