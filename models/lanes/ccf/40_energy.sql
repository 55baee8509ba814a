-- IT energy per billed unit of each line that is read, at the utilization of ccf and at that of the default model.
-- Grain: SKU and charge month. Reads: aws, gcp, azure, fixed, watts, lane_wanted, core.sku_class,
-- core.coefficient_in_force. A burstable size is its baseline over the utilization, of a vCPU.
with line as (
    select * from ccf_aws
    union all by name
    select * from ccf_gcp
    union all by name
    select * from ccf_azure
),

loaded as (
    select
        l.*,
        f.utilization_pct,
        case
            when c.usage_state = 'reserved_idle' then 0e0
            else coalesce(w.cpu_load_pct, burst.central, any_cpu.central)
        end as default_pct,
        case
            when c.usage_state = 'reserved_idle' then 0e0
            else coalesce(w.accelerator_load_pct, any_board.central)
        end as default_board_pct,
        coalesce(cpu.min_w, f.fallback_min_w) as min_w,
        coalesce(cpu.max_w, f.fallback_max_w) as max_w,
        coalesce(board.min_w, f.fallback_min_w) as board_min_w,
        coalesce(board.max_w, f.fallback_max_w) as board_max_w,
        f.memory_kwh_per_gb_h, f.network_kwh_per_gb,
        case when l.is_ssd then f.ssd_wh_per_tb_h else f.hdd_wh_per_tb_h end as wh_per_tb_h,
        c.usage_state,
        c.resource_kind
    from line as l
    inner join lane_wanted as w on w.sku_id = l.sku_id and w.charge_month = l.charge_month
    inner join core.sku_class as c on c.sku_id = l.sku_id
    inner join ccf_fixed as f on f.provider = l.provider
    left join ccf_watts as cpu on cpu.provider = l.provider and cpu.processors = l.processors
    left join ccf_watts as board on board.provider = l.provider and board.processors = l.board_processors
    left join core.coefficient_in_force as burst on burst.key = concat('compute.burst_baseline.', l.burstable_name)
    left join core.coefficient_in_force as any_cpu on any_cpu.key = 'compute.cpu_utilisation_unknown'
    left join core.coefficient_in_force as any_board on any_board.key = 'compute.gpu_utilisation_unknown'
)

select
    provider, sku_id, charge_month, verdict, rule, copies, embodied_kg, errors, usage_state, resource_kind,
    vcpu_h is not null or board_h is not null as has_utilization,
    utilization_pct / 100e0 as utilization,
    coalesce(vcpu_h, 0e0) * coalesce(baseline_pct / utilization_pct, 1e0)
    * (min_w + utilization_pct / 100e0 * (max_w - min_w)) * copies / 1000e0 as compute_kwh,
    coalesce(vcpu_h, 0e0) * case when default_pct > 0e0 then coalesce(baseline_pct / default_pct, 1e0) else 1e0 end
    * (min_w + default_pct / 100e0 * (max_w - min_w)) * copies / 1000e0 as compute_kwh_at_default,
    coalesce(board_h, 0e0) * (board_min_w + utilization_pct / 100e0 * (board_max_w - board_min_w)) * copies / 1000e0 as board_kwh,
    coalesce(board_h, 0e0)
    * (board_min_w + default_board_pct / 100e0 * (board_max_w - board_min_w)) * copies / 1000e0 as board_kwh_at_default,
    coalesce(memory_gb_h, 0e0) * memory_kwh_per_gb_h * memory_copies as memory_kwh,
    coalesce(tb_h, 0e0) * wh_per_tb_h * copies / 1000e0 as storage_kwh,
    coalesce(network_gb, 0e0) * network_kwh_per_gb as network_kwh,
    to_json({
        'vcpu_hours': coalesce(vcpu_h, 0e0), 'baseline_pct': coalesce(baseline_pct, utilization_pct),
        'processors': coalesce(processors, 'fallback'), 'min_w_per_vcpu': min_w, 'max_w_per_vcpu': max_w,
        'board_hours': coalesce(board_h, 0e0), 'boards': coalesce(board_processors, 'fallback'),
        'min_w_per_board': board_min_w, 'max_w_per_board': board_max_w, 'utilization_pct': utilization_pct,
        'memory_gb_hours': coalesce(memory_gb_h, 0e0), 'kwh_per_gb_hour': memory_kwh_per_gb_h, 'memory_copies': memory_copies,
        'tb_hours': coalesce(tb_h, 0e0), 'wh_per_tb_hour': wh_per_tb_h,
        'network_gb': coalesce(network_gb, 0e0), 'kwh_per_gb': network_kwh_per_gb, 'copies': copies
    }) as inputs
from loaded
