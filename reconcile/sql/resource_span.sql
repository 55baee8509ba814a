-- Unbroken billed machine time of each compute resource in the months in which trackers ran. Grain: resource x span.
-- Charge periods that touch or overlap are one span: a run meets one row a resource and not one an hour.
-- Reads: run, core.usage, core.sku, core.sku_class, core.rate.
with months as (
    select date_trunc('month', min(started_at)) as first_month, date_trunc('month', max(ended_at)) + interval 1 month as after
    from run
),

period as (
    select
        s.provider,
        u.resource_id,
        u.charge_period_start as period_start,
        u.charge_period_end as period_end,
        s.region_id,
        coalesce(c.hardware, s.instance_type) as instance_type
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    inner join core.rate_in_force as r
        on r.sku_id = u.sku_id
        and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
        and r.disposition = 'estimated'
        and r.usage_state = 'used'
        and r.resource_kind = 'compute'
        and r.method in ('instance_curve', 'dedicated_host')
    left join core.sku_class as c on c.sku_id = u.sku_id
    cross join months as m
    where
        u.resource_id is not null
        and u.consumed_quantity > 0e0
        and u.charge_period_end > u.charge_period_start
        and u.charge_period_start >= m.first_month
        and u.charge_period_start < m.after
),

marked as (
    select
        *,
        max(period_end) over (
            partition by provider, resource_id
            order by period_start, period_end rows between unbounded preceding and 1 preceding
        ) as busy_until
    from period
),

numbered as (
    select
        *,
        sum(case when period_start <= busy_until then 0 else 1 end) over (
            partition by provider, resource_id
            order by period_start, period_end rows unbounded preceding
        ) as island
    from marked
)

select
    provider,
    resource_id,
    regexp_extract(resource_id, '[^/:]+$') as resource_tail,
    min(period_start) as span_start,
    max(period_end) as span_end,
    max(region_id) as region_id,
    max(instance_type) as instance_type
from numbered
group by provider, resource_id, island
