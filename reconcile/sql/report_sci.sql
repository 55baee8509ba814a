-- Software carbon intensity by metric. Grain: as ledger.sci. Parameters: since, until, grain.
select
    usage_month,
    usage_date,
    metric,
    coalesce(
        nullif(concat_ws(
            ', ',
            provider,
            case when account is not null then concat('account ', account) end,
            case when service is not null then concat('service ', service) end,
            case when region is not null then concat('region ', region) end,
            case when tag_key is not null then concat('tag ', tag_key, '=', coalesce(tag_value, '*')) end,
            case when owner is not null then concat('owner ', owner) end
        ), ''),
        'the whole bill'
    ) as scope,
    days_with_quantity,
    days,
    quantity,
    energy_kwh,
    location_based_kg_co2e,
    embodied_kg_co2e,
    sci_g_co2e_per_unit,
    sci_g_co2e_per_unit_low,
    sci_g_co2e_per_unit_high,
    estimated_cost_share,
    left_out_kg_co2e,
    gap_reason
from ledger.sci
where
    grain = $grain
    and coalesce(coalesce(usage_date, usage_month) >= case when $grain = 'day' then $since::date else date_trunc('month', $since::date) end, true)
    and coalesce(coalesce(usage_date, usage_month) < $until::date, true)
order by usage_month, usage_date, metric, scope
