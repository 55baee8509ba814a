-- The values of the set itself (layer null) or of one layer that a user's own rows can stand before.
-- Grain: one row per factor_id, without the layer's name in it. Parameter: layer. Reads: factors.site_metric, factors.grid_intensity,
-- factors.layer_site_metric, factors.layer_grid_intensity.
select factor_id, low, central, high, source, source_release, licence, verification, note
from factors.site_metric
where cast($layer as varchar) is null
union all
select
    factor_id, low_g_co2e_per_kwh, central_g_co2e_per_kwh, high_g_co2e_per_kwh,
    source, source_release, licence, verification, note
from factors.grid_intensity
where cast($layer as varchar) is null
union all
select factor_id, low, central, high, source, source_release, licence, verification, note
from factors.layer_site_metric
where layer = $layer
union all
select
    factor_id, low_g_co2e_per_kwh, central_g_co2e_per_kwh, high_g_co2e_per_kwh,
    source, source_release, licence, verification, note
from factors.layer_grid_intensity
where layer = $layer
