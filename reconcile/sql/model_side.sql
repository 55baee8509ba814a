-- What the bill holds and the model says: the estimated lines of use, and apart from them unused reservations.
-- The comparison is in kg: energy whose grid has no factor is not estimated here, and the reason says so.
-- Grain: month x provider x account x region x service group. Months are charge months, so that a charge billed late is in
-- the month of its use. A service that the provider does not list that month belongs to the provider's rest, if it has one.
with listed as (
    select distinct usage_month, provider, service_group, is_rest from provider_side
),

daily as (
    select
        d.* replace (
            coalesce(nullif(d.region_id, ''), 'Global') as region_id,
            case
                when d.is_rated then coalesce(d.gap_reason, d.location_based_gap_reason)
                when d.consumed_quantity is null then 'no quantity'
                else 'not rated: run `wattledger estimate`'
            end as gap_reason
        ),
        coalesce(c.service_group, n.service_group, d.service_code, d.service_name, '(no service)') as service_group,
        d.location_based_kg_co2e is not null and d.usage_state = 'used' as is_used,
        d.location_based_kg_co2e is not null and d.usage_state = 'reserved_idle' as is_idle
    from core.daily_footprint as d
    left join service_groups as c on c.provider = d.provider and lower(c.name) = lower(d.service_code)
    left join service_groups as n on n.provider = d.provider and lower(n.name) = lower(d.service_name)
    where d.charge_month is not null and d.disposition <> 'out_of_scope'
)

select
    d.charge_month as usage_month,
    d.provider,
    d.sub_account_id,
    d.region_id,
    case when l.service_group is null then coalesce(r.service_group, d.service_group) else d.service_group end as service_group,
    max(d.billing_account_id) as billing_account_id,
    sum(d.lines)::bigint as lines,
    string_agg(distinct d.gap_reason, ', ' order by d.gap_reason) as gap_reason,
    sum(d.energy_kwh::decimal(38, 15)) filter (d.is_used)::double as energy_kwh,
    sum(d.energy_kwh::decimal(38, 15)) filter (d.is_idle)::double as idle_energy_kwh,
    sum(d.location_based_kg_co2e::decimal(38, 15)) filter (d.is_used)::double as kg,
    sum(d.location_based_kg_co2e_low::decimal(38, 15)) filter (d.is_used)::double as kg_low,
    sum(d.location_based_kg_co2e_high::decimal(38, 15)) filter (d.is_used)::double as kg_high
from daily as d
left join listed as l
    on l.usage_month = d.charge_month and l.provider = d.provider and l.service_group = d.service_group
left join (
    select usage_month, provider, min(service_group) as service_group from listed where is_rest group by usage_month, provider
) as r on r.usage_month = d.charge_month and r.provider = d.provider
group by 1, 2, 3, 4, 5
