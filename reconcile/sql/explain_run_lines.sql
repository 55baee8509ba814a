-- The machine lines of a resource while a run lasted. Grain: SKU x charge month.
-- Parameters: provider, resource, since, until. `used_h` is what the run covers of the billed hours: a slot of which only
-- part was used counts as used while the run lasted (reconcile/sql/run_overlap.sql). `observed_h` of them have the energy of
-- their observed load, the rest that of the default one.
with line as (
    select
        u.sku_id,
        s.sku_meter,
        s.consumed_unit,
        date_trunc('month', u.charge_period_start)::date as charge_month,
        u.consumed_quantity,
        case when r.method <> 'cpu_surplus' then u.consumed_quantity * r.physical_per_unit else 0e0 end as machine_h,
        sum(case when r.method <> 'cpu_surplus' then u.consumed_quantity * r.physical_per_unit else 0e0 end::decimal(38, 15)) over (
            partition by u.charge_period_start, u.charge_period_end
        )::double as slot_machine_h,
        date_diff('microsecond', u.charge_period_start, u.charge_period_end)::double / 3600e6 as slot_h,
        date_diff(
            'microsecond', greatest(u.charge_period_start, $since::timestamp), least(u.charge_period_end, $until::timestamp)
        )::double / 3600e6 as met_h,
        o.observed_share,
        u.consumed_quantity * coalesce(o.default_share, 1e0) * r.compute_it_energy_kwh
        + coalesce(o.compute_it_energy_kwh, 0e0) as compute_it_energy_kwh,
        u.consumed_quantity * coalesce(o.default_share, 1e0) * r.memory_it_energy_kwh
        + coalesce(o.memory_it_energy_kwh, 0e0) as memory_it_energy_kwh,
        u.consumed_quantity * coalesce(o.default_share, 1e0) * r.accelerator_it_energy_kwh
        + coalesce(o.accelerator_it_energy_kwh, 0e0) as accelerator_it_energy_kwh
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    inner join core.rate_in_force as r
        on r.sku_id = u.sku_id
        and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
        and r.disposition = 'estimated'
        and r.usage_state = 'used'
        and r.resource_kind = 'compute'
        and r.method in ('instance_curve', 'dedicated_host', 'cpu_surplus')
    left join core.observed_figure as o
        on o.line_id = u.line_id
        and o.model = r.model
        and o.factor_set = r.factor_set
        and o.observed_share is not null
    where
        s.provider = $provider
        and u.resource_id = $resource
        and u.charge_period_start < $until::timestamp
        and u.charge_period_end > $since::timestamp
),

shared as (
    select *, least(met_h / least(slot_h, slot_machine_h), 1e0) as share
    from line
    where slot_machine_h > 0e0
),

summed as (
    select
        sku_id,
        charge_month,
        sku_meter,
        count(*) as lines,
        sum(consumed_quantity::decimal(38, 15))::double as consumed_quantity,
        consumed_unit,
        sum((machine_h * share)::decimal(38, 15))::double as used_h,
        sum((machine_h * share * observed_share)::decimal(38, 15))::double as observed_h,
        sum((share * compute_it_energy_kwh)::decimal(38, 15))::double as compute_it_energy_kwh,
        sum((share * memory_it_energy_kwh)::decimal(38, 15))::double as memory_it_energy_kwh,
        sum((share * accelerator_it_energy_kwh)::decimal(38, 15))::double as accelerator_it_energy_kwh
    from shared
    group by sku_id, charge_month, sku_meter, consumed_unit
)

select *
from summed
order by compute_it_energy_kwh + accelerator_it_energy_kwh desc, sku_id, charge_month
