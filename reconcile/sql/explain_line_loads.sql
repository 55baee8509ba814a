-- How the observed hours of a line mix loads, the rest at the default. Grain: one row per load, none for a line without
-- observed hours. Parameter: line. The line's figures are the sums of these rows.
with part as (
    select l.line_id, l.sku_id, l.share from core.line_load as l where l.line_id = $line
    union all
    select u.line_id, u.sku_id, 1e0 - (select sum(share::decimal(38, 15))::double from core.line_load where line_id = $line)
    from core.usage as u
    where u.line_id = $line and u.line_id in (select line_id from core.line_load)
)

select
    s.cpu_load_pct,
    s.accelerator_load_pct,
    p.share,
    u.consumed_quantity * p.share as consumed_quantity,
    r.it_energy_kwh as it_energy_kwh_per_unit,
    u.consumed_quantity * p.share * r.it_energy_kwh as it_energy_kwh,
    u.consumed_quantity * p.share * r.energy_kwh as energy_kwh,
    u.consumed_quantity * p.share * r.location_based_kg_co2e as location_based_kg_co2e
from part as p
inner join core.usage as u on u.line_id = p.line_id
inner join core.sku as s on s.sku_id = p.sku_id
inner join core.rate_in_force as r
    on r.sku_id = p.sku_id
    and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
where r.it_energy_kwh is not null and p.share > 1e-12
order by s.cpu_load_pct nulls last, s.accelerator_load_pct nulls last
