-- The constants of each provider, side by side. Grain: provider. Reads: ccf_constant (`*` is any provider).
select
    p.provider,
    max(case when c.key = 'fallback_min_w' then c.value end) as fallback_min_w,
    max(case when c.key = 'fallback_max_w' then c.value end) as fallback_max_w,
    max(case when c.key = 'fallback_gb_per_chip' then c.value end) as fallback_gb_per_chip,
    max(case when c.key = 'utilization_pct' then c.value end) as utilization_pct,
    max(case when c.key = 'ssd_wh_per_tb_h' then c.value end) as ssd_wh_per_tb_h,
    max(case when c.key = 'hdd_wh_per_tb_h' then c.value end) as hdd_wh_per_tb_h,
    max(case when c.key = 'memory_kwh_per_gb_h' then c.value end) as memory_kwh_per_gb_h,
    max(case when c.key = 'network_kwh_per_gb' then c.value end) as network_kwh_per_gb,
    max(case when c.key = 'server_life_h' then c.value end) as server_life_h,
    max(case when c.key = 'bytes_per_gb' then c.value end) as bytes_per_gb,
    max(case when c.key = 'bytes_per_tb' then c.value end) as bytes_per_tb,
    max(case when c.key = 'glue_vcpu' then c.value end) as glue_vcpu,
    max(case when c.key = 'simpledb_vcpu' then c.value end) as simpledb_vcpu,
    max(case when c.key = 'aurora_acu_vcpu' then c.value end) as aurora_acu_vcpu,
    max(case when c.key = 'composer_vcpu' then c.value end) as composer_vcpu,
    max(case when c.key = 'cluster_vcpu' then c.value end) as cluster_vcpu,
    max(case when c.key = 'storage_h_per_month' then c.value end) as storage_h_per_month
from (select distinct provider from ccf_processor) as p
inner join ccf_constant as c on c.provider in (p.provider, '*')
group by p.provider
