-- What the provider says: scope 2, location-based, the current model version.
-- Grain: month x provider x account x region x service group. A missing service is the provider's rest.
with figure as (
    select
        f.usage_month,
        f.provider,
        f.billing_account_id,
        f.sub_account_id,
        coalesce(nullif(f.region_id, ''), 'Global') as region_id,
        coalesce(g.service_group, f.service_name, 'Other') as service_group,
        coalesce(g.is_rest, f.service_name is null) as is_rest,
        f.service_name is not null as is_named,
        f.model_version,
        f.kg_co2e,
        f.null_reason
    from ledger.provider_footprint as f
    left join service_groups as g on g.provider = f.provider and lower(g.name) = lower(f.service_name)
    where f.is_current and f.scope = 'scope_2' and f.method = 'location_based'
)

select
    usage_month,
    provider,
    sub_account_id,
    region_id,
    service_group,
    max(billing_account_id) as billing_account_id,
    bool_or(is_rest) as is_rest,
    bool_or(is_named) as is_named,
    string_agg(distinct model_version, ', ' order by model_version) as model_version,
    sum(kg_co2e::decimal(38, 15))::double as kg_co2e,
    count(*) filter (kg_co2e is null) as null_figures,
    string_agg(distinct null_reason, ', ' order by null_reason) as null_reason
from figure
group by usage_month, provider, sub_account_id, region_id, service_group
