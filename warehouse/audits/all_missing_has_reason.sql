-- A line without an estimate says why and carries no figure; an estimated line has energy, and says why it lacks any emissions or water.
-- What the spend proxy says of a line is in its own bucket alone: a figure for each line of that disposition and no other.
select
    f.line_id, f.disposition, f.gap_reason, f.it_energy_kwh, f.location_based_gap_reason, f.market_based_gap_reason, f.water_gap_reason,
    p.energy_kwh as proxy_energy_kwh
from ledger.footprint as f
left join ledger.footprint_proxy as p on p.line_id = f.line_id
where
    (
        f.disposition <> 'estimated'
        and (f.gap_reason is null or coalesce(f.it_energy_kwh, f.energy_kwh, f.location_based_kg_co2e, f.water_l) is not null)
    )
    or (
        f.disposition = 'estimated'
        and (
            f.it_energy_kwh is null
            or (f.location_based_kg_co2e is null) <> (f.location_based_gap_reason is not null)
            or (f.market_based_kg_co2e is null) <> (f.market_based_gap_reason is not null)
            or (f.water_l is null) <> (f.water_gap_reason is not null)
        )
    )
    or (f.disposition = 'proxy') <> (p.energy_kwh is not null)
order by f.line_id
