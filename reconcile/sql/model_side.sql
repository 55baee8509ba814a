-- What the bill holds and the model says: the estimated lines of use, and apart from them unused reservations.
-- The comparison is in kg: energy whose grid has no factor is not estimated here, and the reason says so.
-- Grain: month x provider x account x region x service group. Months are charge months, so that a charge billed late is in
-- the month of its use. A service that the provider does not list that month belongs to the provider's rest, if it has one.
with listed as (
    select distinct usage_month, provider, service_group, is_rest from provider_side
),

daily as (
    select
        d.charge_month as usage_month,
        s.provider,
        d.billing_account_id,
        d.sub_account_id,
        coalesce(nullif(s.region_id, ''), 'Global') as region_id,
        coalesce(c.service_group, n.service_group, s.service_code, s.service_name, '(no service)') as service_group,
        coalesce(s.service_code, s.service_name) as service,
        case
            when r.sku_id is not null then coalesce(r.gap_reason, r.location_based_gap_reason)
            when d.consumed_quantity is null then 'no quantity'
            else 'not rated: run `wattledger estimate`'
        end as gap_reason,
        r.location_based_kg_co2e is not null and r.usage_state = 'used' as is_used,
        r.location_based_kg_co2e is not null and r.usage_state = 'reserved_idle' as is_idle,
        d.lines,
        d.consumed_quantity * r.energy_kwh as energy_kwh,
        d.consumed_quantity * r.location_based_kg_co2e as kg,
        least(d.consumed_quantity * r.location_based_kg_co2e_low, d.consumed_quantity * r.location_based_kg_co2e_high) as kg_low,
        greatest(d.consumed_quantity * r.location_based_kg_co2e_low, d.consumed_quantity * r.location_based_kg_co2e_high) as kg_high
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    left join service_groups as c on c.provider = s.provider and lower(c.name) = lower(s.service_code)
    left join service_groups as n on n.provider = s.provider and lower(n.name) = lower(s.service_name)
    left join core.rate_in_force as r
        on r.sku_id = d.sku_id
        and r.charge_month = d.charge_month
        and (d.consumed_quantity is not null or r.it_energy_kwh is null)
    where d.charge_month is not null and coalesce(r.disposition, 'unmodelled') <> 'out_of_scope'
)

select
    d.usage_month,
    d.provider,
    d.sub_account_id,
    d.region_id,
    case when l.service_group is null then coalesce(r.service_group, d.service_group) else d.service_group end as service_group,
    max(d.billing_account_id) as billing_account_id,
    sum(d.lines)::bigint as lines,
    string_agg(distinct d.gap_reason, ', ' order by d.gap_reason) as gap_reason,
    sum(d.energy_kwh::decimal(38, 15)) filter (d.is_used)::double as energy_kwh,
    sum(d.energy_kwh::decimal(38, 15)) filter (d.is_idle)::double as idle_energy_kwh,
    sum(d.kg::decimal(38, 15)) filter (d.is_used)::double as kg,
    sum(d.kg_low::decimal(38, 15)) filter (d.is_used)::double as kg_low,
    sum(d.kg_high::decimal(38, 15)) filter (d.is_used)::double as kg_high
from daily as d
left join listed as l
    on l.usage_month = d.usage_month and l.provider = d.provider and l.service_group = d.service_group
left join (
    select usage_month, provider, min(service_group) as service_group from listed where is_rest group by usage_month, provider
) as r on r.usage_month = d.usage_month and r.provider = d.provider
group by 1, 2, 3, 4, 5
