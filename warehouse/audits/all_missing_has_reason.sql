-- A line without an estimate says why and carries no figure; an estimated line carries them.
select line_id, disposition, gap_reason, it_energy_kwh
from ledger.footprint
where
    (disposition in ('out_of_scope', 'unmodelled') and (gap_reason is null or it_energy_kwh is not null))
    or (disposition in ('estimated', 'proxy') and it_energy_kwh is null)
order by line_id
