-- Per month, service, disposition and currency the daily footprint sums to the lines: lines and costs exactly, energy to 1e-9.
with daily as (
    select
        charge_month as month, service_name, disposition, billing_currency,
        sum(lines) as lines, sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh
    from ledger.footprint_daily
    group by all
),

lines as (
    select
        date_trunc('month', usage_date)::date as month, service_name, disposition, billing_currency,
        count(*) as lines, sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
        sum(abs(energy_kwh)::decimal(38, 15))::double as energy_scale_kwh
    from ledger.lines
    group by all
)

select
    coalesce(d.month, l.month) as month, coalesce(d.service_name, l.service_name) as service_name,
    coalesce(d.disposition, l.disposition) as disposition,
    d.lines, l.lines, d.billed_cost, l.billed_cost, d.energy_kwh, l.energy_kwh
from daily as d
full join lines as l
    on l.month is not distinct from d.month
    and l.service_name is not distinct from d.service_name
    and l.disposition = d.disposition
    and l.billing_currency is not distinct from d.billing_currency
where
    d.lines is distinct from l.lines
    or d.billed_cost is distinct from l.billed_cost
    or d.effective_cost is distinct from l.effective_cost
    or (d.energy_kwh is null) <> (l.energy_kwh is null)
    or abs(d.energy_kwh - l.energy_kwh) > 1e-9 * l.energy_scale_kwh + 1e-12
order by all
