-- One bill under every model. Grain: model. Parameters: since, until (charge months). Reads: ledger.variants, ledger.coverage.
-- The default model stands first, then the others; the ratio is over the lines that both estimate.
with other as (
    select *
    from ledger.variants
    where
        coalesce(charge_month >= date_trunc('month', $since::date), true)
        and coalesce(charge_month < $until::date, true)
)

select
    'default' as model,
    sum(default_energy_kwh::decimal(38, 15))::double as energy_kwh,
    sum(default_location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
    sum(default_embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e,
    null::double as embodied_energy_kwh,
    null::double as common_location_based_kg_co2e,
    null::double as common_default_location_based_kg_co2e,
    null::double as ratio
from other
where model = (select min(model) from other)
having count(*) > 0
union all
(
    select
        model,
        sum(energy_kwh::decimal(38, 15))::double,
        sum(location_based_kg_co2e::decimal(38, 15))::double,
        sum(embodied_kg_co2e::decimal(38, 15))::double,
        sum(embodied_energy_kwh::decimal(38, 15))::double,
        sum(common_location_based_kg_co2e::decimal(38, 15))::double,
        sum(common_default_location_based_kg_co2e::decimal(38, 15))::double,
        sum(common_location_based_kg_co2e::decimal(38, 15))::double
        / nullif(sum(common_default_location_based_kg_co2e::decimal(38, 15))::double, 0e0)
    from other
    group by model
    order by model
)
