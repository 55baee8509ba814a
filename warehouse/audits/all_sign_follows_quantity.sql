-- Energy has the sign of the quantity it comes from.
select f.line_id, u.consumed_quantity, f.it_energy_kwh
from ledger.footprint as f
inner join core.usage as u on u.line_id = f.line_id
where f.it_energy_kwh is not null and f.it_energy_kwh <> 0 and sign(f.it_energy_kwh) <> sign(u.consumed_quantity)
order by f.line_id
