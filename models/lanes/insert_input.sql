-- What a lane assumed for each of its estimates. Grain: one row per estimated SKU and charge month of lane_wanted.
-- Parameters: model, factor_set. Reads: the lane's rate. A lane may leave out `inputs`.
insert into core.lane_input by name
select
    $model as model,
    $factor_set as factor_set,
    r.sku_id,
    r.charge_month,
    columns(lambda c: c in (
        'utilization', 'it_energy_kwh_at_default_utilization', 'copies', 'uplift', 'embodied_energy_kwh', 'known_error', 'inputs'
    ))
from /* rate */ as r
where r.disposition = 'estimated'
order by r.sku_id, r.charge_month
