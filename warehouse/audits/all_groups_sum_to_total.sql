-- The daily footprint sums to the footprint of the lines: lines and billed cost exactly, energy to 1e-9.
select d.billing_currency, d.lines, f.lines, d.billed_cost, f.billed_cost, d.energy_kwh, f.energy_kwh
from (
    select
        billing_currency, sum(lines) as lines, sum(billed_cost) as billed_cost,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh
    from ledger.footprint_daily
    group by all
) as d
full join (
    select
        billing_currency, count(*) as lines, sum(billed_cost) as billed_cost,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh
    from ledger.lines
    group by all
) as f on f.billing_currency is not distinct from d.billing_currency
where
    d.lines is distinct from f.lines
    or d.billed_cost is distinct from f.billed_cost
    or abs(coalesce(d.energy_kwh, 0e0) - coalesce(f.energy_kwh, 0e0)) > 1e-9 * greatest(abs(coalesce(f.energy_kwh, 0e0)), 1e0)
order by all
