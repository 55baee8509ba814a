-- The three answers side by side, with what each covers. Grain: month x provider.
-- Model from the daily rows, provider from its own figures, trackers from the runs that met a billed machine.
with priced as (
    select
        d.*,
        coalesce(d.charge_month, d.billing_month) as usage_month,
        d.disposition <> 'out_of_scope' as is_in_scope,
        d.disposition = 'estimated' as is_estimated,
        d.disposition = 'estimated' and coalesce(d.usage_state = 'used', false) as is_used,
        case
            when d.usage_state = 'used' and d.resource_kind = 'compute' and d.method in ('instance_curve', 'dedicated_host')
                then d.physical_quantity
        end as machine_h,
        d.effective_cost::double * p.energy_kwh_per_usd as proxy_energy_kwh,
        d.effective_cost::double * p.location_based_kg_co2e_per_usd as proxy_kg
    from core.daily_footprint as d
    left join core.spend_rate as p -- the last rung, by cost
        on p.sku_id = d.sku_id
        and p.charge_month = d.charge_month
        and p.billing_currency = d.billing_currency
        and d.effective_cost is not null
        and d.disposition = 'unmodelled'
),

bill as (
    select
        usage_month,
        provider,
        sum(energy_kwh::decimal(38, 15)) filter (is_used)::double as model_energy_kwh,
        sum(energy_kwh_low::decimal(38, 15)) filter (is_used)::double as model_energy_kwh_low,
        sum(energy_kwh_high::decimal(38, 15)) filter (is_used)::double as model_energy_kwh_high,
        sum(energy_kwh::decimal(38, 15)) filter (is_used and location_based_kg_co2e is null)::double as model_energy_without_grid_kwh,
        sum(location_based_kg_co2e::decimal(38, 15)) filter (is_used)::double as model_kg,
        sum(location_based_kg_co2e_low::decimal(38, 15)) filter (is_used)::double as model_kg_low,
        sum(location_based_kg_co2e_high::decimal(38, 15)) filter (is_used)::double as model_kg_high,
        sum(embodied_kg_co2e::decimal(38, 15)) filter (is_used)::double as model_embodied_kg,
        sum(energy_kwh::decimal(38, 15)) filter (is_estimated and not is_used)::double as reserved_idle_energy_kwh,
        sum(proxy_energy_kwh::decimal(38, 15))::double as proxy_energy_kwh,
        sum(proxy_kg::decimal(38, 15))::double as proxy_kg,
        sum(machine_h::decimal(38, 15))::double as machine_h,
        coalesce(sum(lines) filter (is_estimated), 0)::double / nullif(sum(lines) filter (is_in_scope), 0)::double as estimated_lines_share,
        case when count(distinct billing_currency) = 1 then max(billing_currency) end as billing_currency,
        case
            when count(distinct billing_currency) = 1
                then coalesce(sum(billed_cost) filter (is_estimated), 0)::double / nullif((sum(billed_cost) filter (is_in_scope))::double, 0e0)
        end as estimated_billed_cost_share
    from priced
    where usage_month is not null and provider is not null
    group by usage_month, provider
),

provider as (
    select
        usage_month,
        provider,
        sum(kg_co2e::decimal(38, 15)) filter (scope = 'scope_2' and method = 'location_based')::double as scope_2_kg,
        sum(kg_co2e::decimal(38, 15)) filter (scope = 'total' and method = 'location_based')::double as location_kg,
        sum(kg_co2e::decimal(38, 15)) filter (scope = 'total' and method = 'market_based')::double as market_kg,
        string_agg(distinct model_version, ', ' order by model_version) as model_version
    from ledger.provider_footprint
    where is_current
    group by usage_month, provider
),

compared as (
    select
        usage_month,
        provider,
        count(distinct sub_account_id) filter (ratio is not null) as accounts_compared,
        count(distinct region_id) filter (ratio is not null) as regions_compared,
        sum(provider_implied_kwh::decimal(38, 15))::double as implied_kwh,
        sum(provider_implied_kwh_low::decimal(38, 15))::double as implied_kwh_low,
        sum(provider_implied_kwh_high::decimal(38, 15))::double as implied_kwh_high,
        sum(provider_location_based_kg_co2e::decimal(38, 15)) filter (provider_implied_kwh is not null)::double as implied_kg,
        sum(gap_kg_co2e::decimal(38, 15))::double as gap_kg,
        sum(gap_timing_kg_co2e::decimal(38, 15))::double as gap_timing_kg,
        sum(gap_boundary_kg_co2e::decimal(38, 15))::double as gap_boundary_kg,
        sum(gap_reserved_idle_kg_co2e::decimal(38, 15))::double as gap_reserved_idle_kg,
        sum(gap_coverage_kg_co2e::decimal(38, 15))::double as gap_coverage_kg,
        sum(gap_grid_factor_kg_co2e::decimal(38, 15))::double as gap_grid_factor_kg,
        sum(gap_unexplained_kg_co2e::decimal(38, 15))::double as gap_unexplained_kg
    from core.reconciliation_provider
    where grain = 'region'
    group by usage_month, provider
),

met as ( -- a run that passes the end of a month counts in each for its share of the time
    select
        r.*,
        m.usage_month,
        date_diff('microsecond', greatest(r.overlap_start, m.usage_month), least(r.overlap_end, m.usage_month + interval 1 month))::double
        / date_diff('microsecond', r.overlap_start, r.overlap_end) as share
    from core.reconciliation_run as r
    cross join lateral (
        select unnest(generate_series(date_trunc('month', r.overlap_start), r.overlap_end - interval 1 microsecond, interval 1 month)) as usage_month
    ) as m
    where r.overlap_start is not null and r.provider is not null
),

tracked as (
    select
        usage_month::date as usage_month,
        provider,
        count(*) as runs,
        count(*) filter (is_counted) as runs_counted,
        sum((overlap_h * share)::decimal(38, 15)) filter (is_counted)::double as overlap_h,
        sum((tracker_it_energy_kwh * share)::decimal(38, 15)) filter (is_counted)::double as tracker_kwh,
        sum((model_it_energy_kwh * share)::decimal(38, 15)) filter (is_counted)::double as model_kwh,
        sum((tracker_it_energy_kwh * share)::decimal(38, 15)) filter (run_group is not null and not is_counted and verdict <> 'not_comparable')::double as repeated_kwh
    from met
    group by 1, 2
),

month_provider as (
    select usage_month, provider from bill
    union
    select usage_month, provider from provider
    union
    select usage_month, provider from tracked
)

select
    m.usage_month,
    m.provider,
    b.model_energy_kwh,
    b.model_energy_kwh_low,
    b.model_energy_kwh_high,
    b.reserved_idle_energy_kwh,
    b.model_energy_without_grid_kwh,
    b.model_kg as model_location_based_kg_co2e,
    b.model_kg_low as model_location_based_kg_co2e_low,
    b.model_kg_high as model_location_based_kg_co2e_high,
    b.model_embodied_kg as model_embodied_kg_co2e,
    b.proxy_energy_kwh,
    b.proxy_kg as proxy_location_based_kg_co2e,
    p.scope_2_kg as provider_scope_2_location_based_kg_co2e,
    p.location_kg as provider_location_based_kg_co2e,
    p.market_kg as provider_market_based_kg_co2e,
    p.model_version as provider_model_version,
    c.implied_kwh as provider_implied_kwh,
    c.implied_kwh_low as provider_implied_kwh_low,
    c.implied_kwh_high as provider_implied_kwh_high,
    c.implied_kg / nullif(p.scope_2_kg, 0e0) as provider_implied_share,
    t.tracker_kwh as tracker_it_energy_kwh,
    t.model_kwh as tracked_model_it_energy_kwh,
    t.repeated_kwh as tracker_repeated_it_energy_kwh,
    t.runs::integer as tracker_runs,
    t.runs_counted::integer as tracker_runs_counted,
    b.estimated_lines_share,
    b.estimated_billed_cost_share,
    b.billing_currency,
    case when b.machine_h > 0e0 then coalesce(t.overlap_h, 0e0) / b.machine_h end as tracked_machine_hours_share,
    c.gap_kg as gap_kg_co2e,
    c.gap_timing_kg as gap_timing_kg_co2e,
    c.gap_boundary_kg as gap_boundary_kg_co2e,
    c.gap_reserved_idle_kg as gap_reserved_idle_kg_co2e,
    c.gap_coverage_kg as gap_coverage_kg_co2e,
    c.gap_grid_factor_kg as gap_grid_factor_kg_co2e,
    c.gap_unexplained_kg as gap_unexplained_kg_co2e,
    c.accounts_compared::integer as accounts_compared,
    c.regions_compared::integer as regions_compared
from month_provider as m
left join bill as b on b.usage_month = m.usage_month and b.provider = m.provider
left join provider as p on p.usage_month = m.usage_month and p.provider = m.provider
left join compared as c on c.usage_month = m.usage_month and c.provider = m.provider
left join tracked as t on t.usage_month = m.usage_month and t.provider = m.provider
