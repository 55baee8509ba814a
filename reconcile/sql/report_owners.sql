-- Who answers for how much, the unowned and the shared at the end, and their total. Grain: owner, then the total.
-- Reads: the services grouped by owner, core.owner_split. Parameters: since, until. The split divides the shared figures over the owners,
-- exactly: what rounding leaves goes to the largest share. It stands beside the figures and is in none of them.
-- An owner with less than nothing (credits) takes no share.
with figures as (
    select * rename (owner_0 as owner) from (/* services by owner */)
),

claim as (
    select
        coalesce(f.owner, s.owner) as owner,
        case any_value(b.basis)
            when 'cost' then greatest(any_value(f.effective_cost)::double, 0e0)
            when 'energy_kwh' then greatest(any_value(f.energy_kwh), 0e0)
            else coalesce(any_value(s.share), 0e0)
        end as weight
    from (select * from figures where is_total = 0 and owner not in ('(shared)', '(unowned)')) as f
    full join (select owner, share from core.owner_split where owner is not null) as s on s.owner = f.owner
    cross join (select any_value(basis) as basis from core.owner_split) as b
    where coalesce(f.owner, s.owner) is not null
    group by coalesce(f.owner, s.owner)
),

weighed as (
    select
        owner,
        weight / (sum(weight::decimal(38, 15)) over ())::double as share,
        row_number() over (order by weight desc, owner) = 1 as takes_rest
    from claim
    where weight > 0e0
),

part as (
    select
        w.owner,
        w.takes_rest,
        s.energy_kwh::decimal(38, 15) as energy_kwh,
        s.location_based_kg_co2e::decimal(38, 15) as location_based_kg_co2e,
        s.embodied_kg_co2e::decimal(38, 15) as embodied_kg_co2e,
        s.effective_cost,
        (s.energy_kwh * w.share)::decimal(38, 15) as energy_part,
        (s.location_based_kg_co2e * w.share)::decimal(38, 15) as location_based_part,
        (s.embodied_kg_co2e * w.share)::decimal(38, 15) as embodied_part,
        (s.effective_cost::double * w.share)::decimal(38, 12) as cost_part
    from weighed as w
    cross join (select * from figures where owner = '(shared)' and is_total = 0) as s
),

divided as (
    select
        owner,
        (energy_part + case when takes_rest then energy_kwh - sum(energy_part::decimal(38, 15)) over () else 0 end)::double as energy_kwh,
        (location_based_part + case when takes_rest then location_based_kg_co2e - sum(location_based_part::decimal(38, 15)) over () else 0 end)::double
            as location_based_kg_co2e,
        (embodied_part + case when takes_rest then embodied_kg_co2e - sum(embodied_part::decimal(38, 15)) over () else 0 end)::double as embodied_kg_co2e,
        (cost_part + case when takes_rest then effective_cost - sum(cost_part::decimal(38, 12)) over () else 0 end)::decimal(38, 12) as effective_cost
    from part
),

row as (
    select
        case when f.is_total = 1 then 'total' else coalesce(f.owner, d.owner) end as owner,
        coalesce(f.is_total, 0) as is_total,
        f.* exclude (owner, is_total),
        case when f.is_total = 1 then (sum(d.energy_kwh::decimal(38, 15)) over ())::double else d.energy_kwh end as split_energy_kwh,
        case when f.is_total = 1 then (sum(d.location_based_kg_co2e::decimal(38, 15)) over ())::double else d.location_based_kg_co2e end
            as split_location_based_kg_co2e,
        case when f.is_total = 1 then (sum(d.embodied_kg_co2e::decimal(38, 15)) over ())::double else d.embodied_kg_co2e end
            as split_embodied_kg_co2e,
        case when f.is_total = 1 then (sum(d.effective_cost) over ())::decimal(38, 12) else d.effective_cost end as split_effective_cost
    from figures as f
    full join divided as d on d.owner = f.owner and f.is_total = 0
)

select
    owner,
    coalesce(lines, 0) as lines,
    energy_kwh,
    location_based_kg_co2e,
    location_based_kg_co2e
        / nullif(max(location_based_kg_co2e) filter (is_total = 1) over (), 0e0) as location_based_share,
    embodied_kg_co2e,
    effective_cost,
    billing_currency,
    effective_cost::double / nullif((max(effective_cost) filter (is_total = 1) over ())::double, 0e0) as effective_cost_share,
    split_energy_kwh,
    split_location_based_kg_co2e,
    split_embodied_kg_co2e,
    split_effective_cost
from row
order by
    is_total, owner = '(shared)', owner = '(unowned)', location_based_kg_co2e desc nulls last,
    effective_cost desc nulls last, owner
