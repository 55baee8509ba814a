-- The intensity that a place takes in a month: that of the first zone of its chain that a series has. Grain: provider x place as delivered x month x signal.
with in_force as (
    select coalesce(max(case when key = 'grid_boundary' then value end), 'lifecycle') as grid_boundary from core.setting
)

select l.provider, l.region_id, l.charge_month, m.signal, m.boundary, m.zone, m.g_co2e_per_kwh, m.unit_id
from core.grid_link as l
cross join in_force as f
inner join core.grid_month as m on m.zone = l.zone and m.charge_month = l.charge_month
where m.boundary = f.grid_boundary or f.grid_boundary = 'lifecycle'
qualify row_number() over (
    partition by l.provider, l.region_id, l.charge_month, m.signal order by m.boundary <> f.grid_boundary, l.position
) = 1
