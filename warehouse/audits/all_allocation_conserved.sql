-- Pods and the unused rest of a machine hold the energy, the emissions and the cost of its lines, to 1e-9.
with divided as (
    select
        parent_resource_id,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
        sum(effective_cost)::double as effective_cost
    from ledger.allocation
    group by parent_resource_id
),

hour as (select distinct parent_resource_id, hour_start from ledger.allocation where pod <> 'unused'),

line as (
    select
        u.resource_id,
        sum(f.energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(f.location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
        case when count(distinct u.billing_currency) <= 1 then sum(u.effective_cost)::double end as effective_cost
    from core.usage as u
    inner join ledger.footprint as f on f.line_id = u.line_id
    where
        f.resource_kind = 'compute'
        and f.usage_state = 'used'
        and exists (
            select 1 from hour as h
            where
                h.parent_resource_id = u.resource_id
                and h.hour_start >= date_trunc('hour', u.charge_period_start)
                and (h.hour_start < u.charge_period_end or h.hour_start = date_trunc('hour', u.charge_period_start))
        )
    group by u.resource_id
)

select l.resource_id, l.energy_kwh, d.energy_kwh as divided_energy_kwh, l.effective_cost, d.effective_cost as divided_effective_cost
from line as l
left join divided as d on d.parent_resource_id = l.resource_id
where
    not coalesce(abs(d.energy_kwh - l.energy_kwh) <= 1e-9 * abs(l.energy_kwh) + 1e-12, l.energy_kwh is null)
    or not coalesce(
        abs(d.location_based_kg_co2e - l.location_based_kg_co2e) <= 1e-9 * abs(l.location_based_kg_co2e) + 1e-12,
        l.location_based_kg_co2e is null
    )
    or not coalesce(abs(d.effective_cost - l.effective_cost) <= 1e-9 * abs(l.effective_cost) + 1e-9, l.effective_cost is null)
order by l.resource_id
