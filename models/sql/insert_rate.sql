-- The wanted rates into the card, each with every number of its formula and the factor rows they come from.
-- Grain: as rate. Reads: rate, core.sku, core.sku_class, machine_input, coefficient_rate, core.site_factor.
insert into core.rate by name
select
    r.*,
    case when r.it_energy_kwh is not null then
        json_object(
            'machine', case when m.hardware is not null then to_json(m) end,
            'coefficient', case when k.coefficient_key is not null then to_json(k) end,
            'machines', c.machines, 'conversion', c.conversion,
            'site', json_object(
                'pue', f.pue, 'pue_low', f.pue_low, 'pue_high', f.pue_high, 'pue_resolution', f.pue_resolution,
                'grid_zone', f.grid_zone, 'grid_boundary', f.grid_boundary, 'grid_resolution', f.grid_resolution,
                'grid_g_co2e_per_kwh', f.grid_g_co2e_per_kwh,
                'grid_g_co2e_per_kwh_low', f.grid_g_co2e_per_kwh_low,
                'grid_g_co2e_per_kwh_high', f.grid_g_co2e_per_kwh_high
            )
        )
    end as inputs,
    case when r.it_energy_kwh is not null then
        list_sort(list_distinct(list_filter(
            [
                m.instance_ref, m.cpu_ref, m.accelerator_ref, m.node_ref, m.f10_ref, m.f50_ref, m.utilization_ref,
                m.accelerator_utilization_ref, m.memory_ref, m.host_overhead_ref, m.server_base_ref,
                m.extra_socket_ref, m.dram_ref, m.ssd_ref, m.lifetime_ref,
                k.coefficient_ref, k.share_ref, k.overhead_ref, k.copies_ref,
                f.pue_ref, f.grid_ref
            ],
            lambda ref: ref is not null
        )))
    end as factor_refs
from rate as r
inner join core.sku as s on s.sku_id = r.sku_id
inner join core.sku_class as c on c.sku_id = r.sku_id
left join machine_input as m
    on m.provider = s.provider and m.method = c.method and m.usage_state = c.usage_state and m.hardware = c.hardware
left join coefficient_rate as k
    on c.method = 'coefficient'
    and k.coefficient_key = c.coefficient_key
    and k.share_key is not distinct from c.share_key
    and k.overhead_key is not distinct from c.overhead_key
    and k.replication_key is not distinct from c.replication_key
left join core.site_factor as f
    on f.factor_set = r.factor_set
    and f.provider = s.provider
    and f.region_id = s.region_id
    and f.charge_month = r.charge_month
order by r.sku_id, r.charge_month
