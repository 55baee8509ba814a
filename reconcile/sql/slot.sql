-- Billed machine time of each matched resource in the months in which trackers ran.
-- Grain: resource x charge period. Several lines of one period (savings plan and on demand, bursts) are one slot.
-- Where the load of a line's hours was observed, its energy is that of this load, the rest at the default.
-- Reads: run, run_match, core.usage, core.sku, core.sku_class, core.rate, core.observed_figure.
with months as (
    select date_trunc('month', min(started_at)) as first_month, date_trunc('month', max(ended_at)) + interval 1 month as after
    from run
)

select
    s.provider,
    u.resource_id,
    u.charge_period_start as slot_start,
    u.charge_period_end as slot_end,
    max(u.sub_account_id) as sub_account_id,
    max(s.region_id) as region_id,
    max(coalesce(c.hardware, s.instance_type)) filter (r.method <> 'cpu_surplus') as instance_type,
    sum((u.consumed_quantity * r.physical_per_unit)::decimal(38, 15)) filter (r.method <> 'cpu_surplus')::double as machine_h,
    sum((
        u.consumed_quantity * coalesce(o.default_share, 1e0) * (r.compute_it_energy_kwh + r.memory_it_energy_kwh)
        + coalesce(o.compute_it_energy_kwh + o.memory_it_energy_kwh, 0e0)
    )::decimal(38, 15))::double as host_kwh,
    sum((
        u.consumed_quantity * coalesce(o.default_share, 1e0) * r.accelerator_it_energy_kwh + coalesce(o.accelerator_it_energy_kwh, 0e0)
    )::decimal(38, 15))::double as accelerator_kwh,
    sum((
        u.consumed_quantity * coalesce(o.default_share, 1e0) * r.it_energy_kwh_low + coalesce(o.it_energy_kwh_low, 0e0)
    )::decimal(38, 15))::double as low_kwh,
    sum((
        u.consumed_quantity * coalesce(o.default_share, 1e0) * r.it_energy_kwh_high + coalesce(o.it_energy_kwh_high, 0e0)
    )::decimal(38, 15))::double as high_kwh,
    sum(u.effective_cost)::decimal(38, 12) as effective_cost,
    case when count(distinct u.billing_currency) = 1 then max(u.billing_currency) end as billing_currency
from core.usage as u
inner join core.sku as s on s.sku_id = u.sku_id
inner join core.rate_in_force as r
    on r.sku_id = u.sku_id
    and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
    and r.disposition = 'estimated'
    and r.usage_state = 'used'
    and r.resource_kind = 'compute'
    and r.method in ('instance_curve', 'dedicated_host', 'cpu_surplus')
inner join (select distinct provider, resource_id from run_match where resource_id is not null) as w
    on w.provider = s.provider and w.resource_id = u.resource_id
left join core.sku_class as c on c.sku_id = u.sku_id
left join core.observed_figure as o on o.line_id = u.line_id and o.model = r.model and o.factor_set = r.factor_set and o.observed_share is not null
cross join months as m
where
    u.charge_period_end > u.charge_period_start
    and u.charge_period_start >= m.first_month
    and u.charge_period_start < m.after
group by s.provider, u.resource_id, u.charge_period_start, u.charge_period_end
having machine_h > 0e0
