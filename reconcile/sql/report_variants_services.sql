-- Each service under the models beside the default one that estimate it, and the three inputs that make the largest
-- differences, in kg CO2e.
-- Grain: provider x service x model. Parameters: since, until (charge months). Reads: ledger.variants.
with part as (
    unpivot (
        select
            provider, service_name, model,
            sum(default_location_based_kg_co2e::decimal(38, 15))::double as default_kg,
            sum(location_based_kg_co2e::decimal(38, 15))::double as model_kg,
            sum(difference_only_default_kg_co2e::decimal(38, 15))::double as "not estimated by it",
            sum(difference_only_model_kg_co2e::decimal(38, 15))::double as "estimated by it alone",
            sum(difference_replication_kg_co2e::decimal(38, 15))::double as "replication",
            sum(difference_watts_kg_co2e::decimal(38, 15))::double as "watts",
            sum(difference_utilization_kg_co2e::decimal(38, 15))::double as "utilization",
            sum(difference_known_error_kg_co2e::decimal(38, 15))::double as "known error",
            sum(difference_pue_kg_co2e::decimal(38, 15))::double as "PUE",
            sum(difference_grid_kg_co2e::decimal(38, 15))::double as "grid",
            sum(difference_uplift_kg_co2e::decimal(38, 15))::double as "multiplier on emissions",
            sum(difference_embodied_as_energy_kg_co2e::decimal(38, 15))::double as "embodied counted as energy"
        from ledger.variants
        where
            coalesce(charge_month >= date_trunc('month', $since::date), true)
            and coalesce(charge_month < $until::date, true)
        group by provider, service_name, model
    )
    on columns(* exclude (provider, service_name, model, default_kg, model_kg))
    into name cause value kg
),

ranked as (
    select
        *,
        max(abs(default_kg)) over (partition by provider, service_name) as weight_kg,
        row_number() over (partition by provider, service_name, model order by abs(kg) desc, cause) as place
    from part
    where abs(kg) > 1e-9 -- below is rounding
)

select
    provider,
    service_name,
    model,
    any_value(default_kg) as default_location_based_kg_co2e,
    any_value(model_kg) as location_based_kg_co2e,
    any_value(model_kg) / nullif(any_value(default_kg), 0e0) as ratio,
    string_agg(format('{} {:+.3g}', cause, kg), ', ' order by place) filter (place <= 3) as largest_differences
from ranked
where model_kg is not null
group by provider, service_name, model
order by max(weight_kg) desc nulls last, provider, service_name, model
