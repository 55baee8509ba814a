-- What is wanted, as classified, with the machine hours of a billed unit and what is known of its site.
-- Grain: as lane_wanted. Reads: lane_wanted, core.sku_class, core.site_factor. Parameter: factor_set.
select
    w.sku_id, w.charge_month, w.provider, w.region_id,
    coalesce(w.service_code, w.service_name) as service,
    c.basis, c.disposition, c.usage_state, c.resource_kind, c.method, c.hardware,
    c.unit_quantity * case c.unit_per when 'month' then extract(day from last_day(w.charge_month)) * 24e0 else 1e0 end
    * c.machines as hours,
    f.region_ref,
    f.pue, f.grid_g_co2e_per_kwh, f.grid_boundary,
    coalesce(f.gap_reason, concat('no site factors for region ', coalesce(w.region_id, '(none named)'))) as site_gap
from lane_wanted as w
inner join core.sku_class as c on c.sku_id = w.sku_id
left join core.site_factor as f
    on f.factor_set = $factor_set and f.provider = w.provider and f.region_id = w.region_id and f.charge_month = w.charge_month
