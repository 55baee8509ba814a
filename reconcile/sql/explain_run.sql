-- A tracker run with its comparison; nulls where it is not reconciled yet. Grain: one row per tool. Parameter: run.
select
    t.tool, t.tool_version, t.run_id, t.project_name, t.started_at, t.ended_at, t.duration_s, t.timezone, t.tracking_mode,
    t.cpu_it_energy_kwh, t.gpu_it_energy_kwh, t.ram_it_energy_kwh, t.it_energy_kwh, t.tracker_pue,
    t.cpu_model, t.cpu_count, t.ram_total_gib, t.gpu_model, t.gpu_count, t.region_id as tracker_region_id, t.country_iso3,
    t.rows_collapsed, t.tasks, t.grade, t.grade_reason, t.flags,
    m.match_level, m.match_reason, m.provider, m.sub_account_id, m.region_id, m.resource_id, m.instance_type,
    m.overlap_start, m.overlap_end, m.overlap_h, m.run_h, m.billed_h, m.tracker_it_energy_kwh, m.model_it_energy_kwh,
    m.model_it_energy_kwh_low, m.model_it_energy_kwh_high, m.compared_parts, m.ratio, m.band_low, m.band_high,
    m.effective_cost, m.billing_currency, m.run_group, m.is_counted, m.verdict, m.reason
from ledger.tracker_runs as t
left join ledger.reconciliation_runs as m on m.tool = t.tool and m.run_id = t.run_id
where t.run_id = $run
order by t.tool
