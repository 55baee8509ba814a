-- The provider's own carbon figures. Grain: month x account x service x region x model version x scope x method.
-- Current is the highest model version per payer and month, once: an export stands before an API, and of a figure
-- that two deliveries hold the newest stands. Older versions and the others stay queryable.
select
    p.usage_month,
    p.provider,
    p.billing_account_id,
    p.sub_account_id,
    p.service_name,
    p.region_id,
    p.model_version,
    p.scope,
    p.method,
    p.kg_co2e,
    p.null_reason,
    p.is_current,
    p.source_kind,
    p.refreshed_at,
    p.loaded_at as retrieved_at,
    case
        when p.scope = 'scope_2' and p.method = 'location_based'
            and not (p.provider = 'aws' and p.region_id in ('ca-central-1', 'af-south-1'))
            then p.kg_co2e * 1000e0 / nullif(coalesce(f.grid_direct_g_co2e_per_kwh, f.grid_g_co2e_per_kwh), 0e0)
    end as implied_kwh,
    p.unit_id
from core.provider_delivery as p
left join core.site_factor as f
    on f.factor_set = (select value from core.setting where key = 'factor_set')
    and f.provider = p.provider
    and f.region_id = p.region_id
    and f.charge_month = p.usage_month
