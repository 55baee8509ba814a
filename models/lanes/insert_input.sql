-- What a lane assumed for each of its estimates. Grain: one row per estimated SKU and charge month of lane_wanted.
-- Parameters: model, factor_set. Reads: the lane's rate.
insert into core.lane_input by name
select
    $model as model,
    $factor_set as factor_set,
    r.sku_id,
    r.charge_month,
    r.utilization,
    r.it_energy_kwh_at_default_utilization,
    r.copies,
    r.uplift,
    r.embodied_energy_kwh,
    r.known_error,
    r.inputs
from /* rate */ as r
where r.disposition = 'estimated'
order by r.sku_id, r.charge_month
