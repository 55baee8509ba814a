-- Every value of the factor set in one form. Grain: factor_id x quantity. A row that holds several quantities comes once for each.
select
    factor_id, metric as quantity, low, central, high, unit,
    year, source, source_release, licence, verification, note
from factors.site_metric
union all
select
    factor_id, concat('grid intensity, ', boundary, case when accounting = 'location_average' then '' else concat(', ', accounting) end),
    low_g_co2e_per_kwh, central_g_co2e_per_kwh, high_g_co2e_per_kwh, 'gCO2e/kWh',
    year, source, source_release, licence, verification, note
from factors.grid_intensity
union all
select
    factor_id, metric, low, central, high, unit,
    year, source, source_release, licence, verification, note
from factors.own_site_metric
union all
select
    factor_id, concat('grid intensity, ', boundary, ', ', accounting),
    low_g_co2e_per_kwh, central_g_co2e_per_kwh, high_g_co2e_per_kwh, 'gCO2e/kWh',
    year, source, source_release, licence, verification, note
from factors.own_grid_intensity
union all
select
    factor_id, 'idle power', idle_w_per_thread_low, idle_w_per_thread, idle_w_per_thread_high, 'W/thread',
    year, source, source_release, licence, verification, note
from factors.cpu_power
union all
select
    factor_id, 'full power', full_w_per_thread_low, full_w_per_thread, full_w_per_thread_high, 'W/thread',
    year, source, source_release, licence, verification, note
from factors.cpu_power
union all
select
    factor_id, 'load share at 10 % load', null, curve_f10, null, 'share',
    year, curve_source, source_release, licence, verification, note
from factors.cpu_power
union all
select
    factor_id, 'load share at 50 % load', null, curve_f50, null, 'share',
    year, curve_source, source_release, licence, verification, note
from factors.cpu_power
union all
select
    factor_id, 'memory inside the CPU figure', null, gb_per_chip, null, 'GiB/chip',
    year, source, source_release, licence, verification, note
from factors.cpu_power
union all
select
    factor_id, 'idle power', idle_w_low, idle_w, idle_w_high, 'W/accelerator',
    year, source, source_release, licence, verification, note
from factors.accelerator_power
union all
select
    factor_id, 'busy power', busy_w_low, busy_w, busy_w_high, 'W/accelerator',
    year, source, source_release, licence, verification, note
from factors.accelerator_power
union all
select
    factor_id, 'embodied', embodied_kg_co2e_low, embodied_kg_co2e, embodied_kg_co2e_high, 'kgCO2e/accelerator',
    year, embodied_basis, source_release, licence, verification, note
from factors.accelerator_power
union all
select
    factor_id, 'vCPU', null, vcpu, null, concat('vCPU (each a ', vcpu_is, ' of ', microarch, ')'),
    year, source, source_release, licence, verification, note
from core.machine_known
union all
select
    factor_id, 'memory', null, memory_gib, null, 'GiB',
    year, source, source_release, licence, verification, note
from core.machine_known
union all
select
    factor_id, 'vCPU of the host', null, host_vcpu, null, concat('vCPU in ', host_sockets, ' sockets'),
    year, source, source_release, licence, verification, note
from core.machine_known
union all
select
    factor_id, 'accelerators', null, accelerator_count, null, accelerator,
    year, source, source_release, licence, verification, note
from core.machine_known
where accelerator is not null
union all
select
    factor_id, 'local SSD', null, local_ssd_gb, null, 'GB',
    year, source, source_release, licence, verification, note
from core.machine_known
union all
select
    factor_id, scope, low, central, high, unit,
    year, source, source_release, licence, verification, note
from factors.coefficient
union all
select
    factor_id, scope, low, central, high, unit,
    year, source, source_release, licence, verification, note
from factors.own_coefficient
union all
select
    factor_id, 'price of electricity', null, price_per_kwh::double, null, concat(currency, '/kWh'),
    left(period, 4)::integer, source, source_release, licence, verification, note
from factors.electricity_price
union all
select
    factor_id, 'price of electricity', null, price_per_kwh::double, null, concat(currency, '/kWh'),
    left(period, 4)::integer, source, source_release, licence, verification, note
from factors.own_electricity_price
union all
select
    factor_id, concat('grid chain ', grid_chain), null, null, null, null,
    null, source, null, licence, concat('confidence ', confidence), status
from core.place
union all
select
    factor_id, concat('weight in ', group_id, ', ', kind), null, weight, null, 'weight',
    null, source, null, licence, null, note
from factors.region_group
union all
select
    factor_id, concat('grid intensity of ', stated_for, ', ', boundary), null, g_co2e_per_kwh, null, 'gCO2e/kWh',
    year, source, source_release, licence, verification, note
from factors.grid_alternative
union all
select
    factor_id, concat('grid, ', margin, ' margin; no inventory uses it'), null, g_co2e_per_kwh, null, 'gCO2e/kWh',
    year, source, source_release, licence, verification, note
from factors.grid_marginal
union all
select
    factor_id, concat('error of ', leg, ', one for each ', scope, ', ', distribution), low_multiplier, 1e0, high_multiplier, 'ratio',
    null, source, source_release, licence, verification, concat(evidence, '. Narrower by: ', narrowed_by)
from factors.uncertainty
union all
select distinct
    f.pue_ref, 'pue', f.pue_low, f.pue, f.pue_high, 'ratio',
    f.pue_year, 'own meters', strftime(f.charge_month, '%Y-%m'), 'own', 'measured', f.pue_note
from core.site_factor as f
inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
where f.pue_it_energy_kwh is not null
union all
select distinct
    f.market_ref, 'market-based over location-based, scope 2', null,
    f.provider_market_based_kg_co2e / f.provider_location_based_kg_co2e, null, 'ratio',
    year(f.charge_month), 'carbon figures of the provider, as delivered', f.provider_model_version, 'own', 'published', f.market_note
from core.site_factor as f
inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
where f.market_accounting = 'provider_figure'
