-- Pods and tasks on the machines they shared: each one's part of its parent's hour, and `unused` for the rest.
-- Grain: parent resource x hour x pod. Divides the energy of ledger.footprint and is never added to it.
-- The CPU part goes by vCPU share, memory and accelerators by theirs; a part without rows of its own goes by vCPU share.
-- A line longer than an hour is spread evenly over its hours. Shares that sum to more than 1 are scaled to 1.
with split as (
    select
        a.*,
        u.resource_id as pod,
        generate_series(
            date_trunc('hour', u.charge_period_start),
            coalesce(u.charge_period_end, u.charge_period_start + interval 1 hour) - interval 1 microsecond,
            interval 1 hour
        ) as hours
    from core.allocation as a
    inner join core.usage as u on u.line_id = a.line_id
),

pod_hour as (
    select
        parent_resource_id,
        hour_start,
        coalesce(pod, '(unnamed)') as pod,
        min(cluster_name) as cluster_name,
        min(namespace) as namespace,
        min(workload) as workload,
        sum((split_usage / hour_count)::decimal(38, 15)) filter (part = 'compute')::double as vcpu_hours,
        sum((split_usage / hour_count)::decimal(38, 15)) filter (part = 'memory')::double as memory_gb_hours,
        sum((split_usage / hour_count)::decimal(38, 15)) filter (part = 'accelerator')::double as accelerator_hours,
        sum(split_usage_ratio::decimal(38, 15)) filter (part = 'compute')::double as compute_ratio,
        sum(split_usage_ratio::decimal(38, 15)) filter (part = 'memory')::double as memory_ratio,
        sum(split_usage_ratio::decimal(38, 15)) filter (part = 'accelerator')::double as accelerator_ratio,
        bool_or(split_usage_ratio is null) as lacks_ratio
    from (select *, len(hours) as hour_count, unnest(hours) as hour_start from split)
    group by all
),

node as ( -- which parts its rows tell apart, over all its hours
    select parent_resource_id, bool_or(part = 'memory') as has_memory, bool_or(part = 'accelerator') as has_accelerator
    from core.allocation
    group by parent_resource_id
),

node_hour as ( -- what the pods of an hour claim together
    select
        p.parent_resource_id,
        p.hour_start,
        n.has_memory,
        n.has_accelerator,
        coalesce(sum(p.compute_ratio::decimal(38, 15)) filter (not p.lacks_ratio)::double, 0e0) as compute_claimed,
        coalesce(sum(p.memory_ratio::decimal(38, 15)) filter (not p.lacks_ratio)::double, 0e0) as memory_claimed,
        coalesce(sum(p.accelerator_ratio::decimal(38, 15)) filter (not p.lacks_ratio)::double, 0e0) as accelerator_claimed
    from pod_hour as p
    inner join node as n on n.parent_resource_id = p.parent_resource_id
    group by all
),

parent_line as (
    select
        u.line_id, u.resource_id, u.billing_currency, u.effective_cost, f.*,
        generate_series(
            date_trunc('hour', u.charge_period_start),
            coalesce(u.charge_period_end, u.charge_period_start + interval 1 hour) - interval 1 microsecond,
            interval 1 hour
        ) as hours
    from core.usage as u
    inner join ledger.footprint as f on f.line_id = u.line_id
    where
        u.resource_id in (select parent_resource_id from node)
        and f.resource_kind = 'compute'
        and f.usage_state = 'used'
),

line_hour as (
    select *, len(hours) as hour_count, unnest(hours) as hour_start from parent_line
),

parent_hour as ( -- of every line in whose charge period a pod ran, all hours
    select
        resource_id as parent_resource_id,
        hour_start,
        sum((memory_it_energy_kwh / hour_count)::decimal(38, 15))::double as memory_it_energy_kwh,
        sum((accelerator_it_energy_kwh / hour_count)::decimal(38, 15))::double as accelerator_it_energy_kwh,
        sum((it_energy_kwh / hour_count)::decimal(38, 15))::double as it_energy_kwh,
        sum((energy_kwh / hour_count)::decimal(38, 15))::double as energy_kwh,
        sum((energy_kwh_low / hour_count)::decimal(38, 15))::double as energy_kwh_low,
        sum((energy_kwh_high / hour_count)::decimal(38, 15))::double as energy_kwh_high,
        sum((location_based_kg_co2e / hour_count)::decimal(38, 15))::double as location_based_kg_co2e,
        sum((location_based_kg_co2e_low / hour_count)::decimal(38, 15))::double as location_based_kg_co2e_low,
        sum((location_based_kg_co2e_high / hour_count)::decimal(38, 15))::double as location_based_kg_co2e_high,
        sum((market_based_kg_co2e / hour_count)::decimal(38, 15))::double as market_based_kg_co2e,
        sum((embodied_kg_co2e / hour_count)::decimal(38, 15))::double as embodied_kg_co2e,
        case when count(distinct billing_currency) <= 1
            then sum((effective_cost / hour_count)::decimal(38, 15))::double
        end as effective_cost,
        case when count(distinct billing_currency) <= 1 then min(billing_currency) end as billing_currency
    from line_hour
    where
        line_id in (
            select l.line_id
            from line_hour as l
            inner join node_hour as n on n.parent_resource_id = l.resource_id and n.hour_start = l.hour_start
        )
    group by resource_id, hour_start
),

piece as ( -- the shares as claimed, and what nobody claimed
    select
        p.parent_resource_id, p.hour_start, p.pod, p.cluster_name, p.namespace, p.workload,
        p.vcpu_hours, p.memory_gb_hours, p.accelerator_hours, p.lacks_ratio,
        case when not p.lacks_ratio then coalesce(p.compute_ratio, 0e0) / greatest(n.compute_claimed, 1e0) end as compute_share,
        case when not p.lacks_ratio and n.has_memory
            then coalesce(p.memory_ratio, 0e0) / greatest(n.memory_claimed, 1e0)
        end as memory_share,
        case when not p.lacks_ratio and n.has_accelerator
            then coalesce(p.accelerator_ratio, 0e0) / greatest(n.accelerator_claimed, 1e0)
        end as accelerator_share,
        greatest(n.compute_claimed, n.memory_claimed, n.accelerator_claimed) > 1e0 + 1e-9 as is_scaled
    from pod_hour as p
    inner join node_hour as n on n.parent_resource_id = p.parent_resource_id and n.hour_start = p.hour_start
    union all
    select
        h.parent_resource_id, h.hour_start, 'unused', null, null, null,
        null, null, null, false,
        greatest(1e0 - coalesce(n.compute_claimed, 0e0), 0e0),
        case when o.has_memory then greatest(1e0 - coalesce(n.memory_claimed, 0e0), 0e0) end,
        case when o.has_accelerator then greatest(1e0 - coalesce(n.accelerator_claimed, 0e0), 0e0) end,
        coalesce(greatest(n.compute_claimed, n.memory_claimed, n.accelerator_claimed) > 1e0 + 1e-9, false)
    from parent_hour as h
    inner join node as o on o.parent_resource_id = h.parent_resource_id
    left join node_hour as n on n.parent_resource_id = h.parent_resource_id and n.hour_start = h.hour_start
),

weighed as ( -- the three shares by what the parts take
    select
        p.*, h.* exclude (parent_resource_id, hour_start),
        case when h.parent_resource_id is not null then
            coalesce(
                (
                    p.compute_share * (h.it_energy_kwh - h.memory_it_energy_kwh - h.accelerator_it_energy_kwh)
                    + coalesce(p.memory_share, p.compute_share) * h.memory_it_energy_kwh
                    + coalesce(p.accelerator_share, p.compute_share) * h.accelerator_it_energy_kwh
                ) / nullif(h.it_energy_kwh, 0e0),
                p.compute_share
            )
        end as share
    from piece as p
    left join parent_hour as h on h.parent_resource_id = p.parent_resource_id and h.hour_start = p.hour_start
)

select
    parent_resource_id,
    hour_start,
    pod,
    cluster_name,
    namespace,
    workload,
    vcpu_hours,
    memory_gb_hours,
    accelerator_hours,
    compute_share,
    memory_share,
    accelerator_share,
    is_scaled,
    share,
    share * it_energy_kwh as it_energy_kwh,
    share * energy_kwh as energy_kwh,
    share * energy_kwh_low as energy_kwh_low,
    share * energy_kwh_high as energy_kwh_high,
    share * location_based_kg_co2e as location_based_kg_co2e,
    share * location_based_kg_co2e_low as location_based_kg_co2e_low,
    share * location_based_kg_co2e_high as location_based_kg_co2e_high,
    share * market_based_kg_co2e as market_based_kg_co2e,
    share * embodied_kg_co2e as embodied_kg_co2e,
    (share * effective_cost)::decimal(38, 12) as effective_cost,
    billing_currency,
    case
        when lacks_ratio then 'the row of this pod states no share of its parent'
        when share is null then concat('no estimated line of ', parent_resource_id, ' in this hour')
    end as gap_reason
from weighed
