-- Software carbon intensity of ISO/IEC 21031, (E x I + M) / R: location-based, without offsets and market instruments, of lines in
-- use. R is the quantity of a business metric, and only days with a quantity count, above the line and below it.
-- Grain: grain (month, day) x period x metric x scope: never sum days and months. Months from the metric's first to its last.
with scope as (
    select
        row_number() over (order by provider, account, service, region, tag_key, tag_value, owner) as scope_id,
        *
    from (select distinct provider, account, service, region, tag_key, tag_value, owner from ledger.business_metrics)
),

stated as (
    select m.metric, c.scope_id, m.usage_date, m.quantity, m.gap_reason
    from ledger.business_metrics as m
    inner join scope as c
        on c.provider is not distinct from m.provider
        and c.account is not distinct from m.account
        and c.service is not distinct from m.service
        and c.region is not distinct from m.region
        and c.tag_key is not distinct from m.tag_key
        and c.tag_value is not distinct from m.tag_value
        and c.owner is not distinct from m.owner
),

-- A scope is resolved over distinct keys, not over daily rows.
sku_of as (
    select c.scope_id, s.sku_id
    from scope as c
    inner join core.sku as s
        on (c.provider is null or lower(s.provider) glob lower(c.provider))
        and (c.service is null or lower(s.service_name) glob lower(c.service))
        and (c.region is null or lower(s.region_id) glob lower(c.region))
),

account_of as (
    select c.scope_id, a.sub_account_id
    from scope as c
    inner join (select distinct sub_account_id from core.usage_daily) as a
        on c.account is null or lower(a.sub_account_id) glob lower(c.account)
),

tag_set_of as (
    select c.scope_id, t.tag_set_id
    from scope as c
    inner join (
        select tag_set_id, tags from core.tag_set
        union all
        select null, null
    ) as t
        on c.tag_key is null
        or len(list_filter(
            map_entries(t.tags),
            lambda e:
                regexp_replace(lower(e.key), '^user[:_]', '') = regexp_replace(lower(c.tag_key), '^user[:_]', '')
                and lower(e.value) glob lower(coalesce(c.tag_value, '*'))
        )) > 0
),

owner_of as (
    select c.scope_id, o.provider, o.billing_account_id, o.sub_account_id, o.tag_set_id
    from scope as c
    inner join core.owner as o
        on o.dimension = split_part(c.owner, ':', 1)
        and lower(coalesce(o.owner, concat('(', o.state, ')'))) glob lower(c.owner[strpos(c.owner, ':') + 1:])
),

used as (
    select
        k.scope_id,
        d.*,
        case when d.billed_cost is not null then coalesce(d.billing_currency, '') end as cost_currency,
        d.disposition = 'estimated' as is_estimated,
        d.usage_state is not distinct from 'used' as is_used
    from core.daily_footprint as d
    inner join sku_of as k on k.sku_id = d.sku_id
    inner join scope as c on c.scope_id = k.scope_id
    inner join account_of as a on a.scope_id = k.scope_id and a.sub_account_id is not distinct from d.sub_account_id
    inner join tag_set_of as t on t.scope_id = k.scope_id and t.tag_set_id is not distinct from d.tag_set_id
    left join owner_of as o
        on o.scope_id = k.scope_id
        and o.provider is not distinct from d.provider
        and o.billing_account_id is not distinct from d.billing_account_id
        and o.sub_account_id is not distinct from d.sub_account_id
        and o.tag_set_id is not distinct from d.tag_set_id
    where d.disposition <> 'out_of_scope' and (c.owner is null or o.scope_id is not null)
),

footprint as (
    select
        scope_id,
        usage_date,
        sum(lines)::bigint as lines,
        coalesce(sum(lines) filter (is_estimated), 0)::bigint as estimated_lines,
        sum(billed_cost)::decimal(38, 12) as billed_cost,
        coalesce(sum(billed_cost) filter (is_estimated), 0)::decimal(38, 12) as estimated_billed_cost,
        min(cost_currency) as first_currency,
        max(cost_currency) as last_currency,
        sum(energy_kwh::decimal(38, 15)) filter (is_used)::double as energy_kwh,
        sum(energy_kwh::decimal(38, 15)) filter (is_used and location_based_kg_co2e is null)::double as energy_without_grid_kwh,
        sum(energy_kwh::decimal(38, 15)) filter (is_used and embodied_kg_co2e is null)::double as energy_without_embodied_kwh,
        sum(location_based_kg_co2e::decimal(38, 15)) filter (is_used)::double as location_based_kg_co2e,
        sum(location_based_kg_co2e_low::decimal(38, 15)) filter (is_used)::double as location_based_kg_co2e_low,
        sum(location_based_kg_co2e_high::decimal(38, 15)) filter (is_used)::double as location_based_kg_co2e_high,
        sum(embodied_kg_co2e::decimal(38, 15)) filter (is_used)::double as embodied_kg_co2e,
        sum(embodied_kg_co2e_low::decimal(38, 15)) filter (is_used)::double as embodied_kg_co2e_low,
        sum(embodied_kg_co2e_high::decimal(38, 15)) filter (is_used)::double as embodied_kg_co2e_high
    from used
    group by scope_id, usage_date
),

-- Every day of every month of a metric.
calendar as (
    select metric, scope_id, unnest(generate_series(first_day, last_day, interval 1 day))::date as usage_date
    from (
        select
            metric,
            scope_id,
            date_trunc('month', min(usage_date))::timestamp as first_day,
            last_day(max(usage_date))::timestamp as last_day
        from stated
        group by metric, scope_id
    )
),

daily as (
    select
        c.metric,
        c.scope_id,
        date_trunc('month', c.usage_date)::date as usage_month,
        c.usage_date,
        s.quantity,
        coalesce(s.gap_reason, case when s.usage_date is null then 'no quantity' end) as quantity_gap_reason,
        s.quantity is not null as counts,
        f.* exclude (scope_id, usage_date)
    from calendar as c
    left join stated as s on s.metric = c.metric and s.scope_id = c.scope_id and s.usage_date = c.usage_date
    left join footprint as f on f.scope_id = c.scope_id and f.usage_date = c.usage_date
),

summed as (
    select
        case when grouping(usage_date) = 1 then 'month' else 'day' end as grain,
        usage_month,
        usage_date,
        metric,
        scope_id,
        count(*) as days,
        count(quantity) as days_with_quantity,
        count(*) filter (counts and lines is not null) as days_with_quantity_and_usage,
        sum(quantity::decimal(38, 15))::double as quantity,
        max(quantity_gap_reason) as quantity_gap_reason,
        sum(energy_kwh::decimal(38, 15)) filter (counts)::double as energy_kwh,
        sum(energy_without_grid_kwh::decimal(38, 15)) filter (counts)::double as energy_without_grid_kwh,
        sum(energy_without_embodied_kwh::decimal(38, 15)) filter (counts)::double as energy_without_embodied_kwh,
        sum(location_based_kg_co2e::decimal(38, 15)) filter (counts)::double as location_based_kg_co2e,
        sum(location_based_kg_co2e_low::decimal(38, 15)) filter (counts)::double as location_based_kg_co2e_low,
        sum(location_based_kg_co2e_high::decimal(38, 15)) filter (counts)::double as location_based_kg_co2e_high,
        sum(embodied_kg_co2e::decimal(38, 15)) filter (counts)::double as embodied_kg_co2e,
        sum(embodied_kg_co2e_low::decimal(38, 15)) filter (counts)::double as embodied_kg_co2e_low,
        sum(embodied_kg_co2e_high::decimal(38, 15)) filter (counts)::double as embodied_kg_co2e_high,
        sum((coalesce(location_based_kg_co2e, 0e0) + coalesce(embodied_kg_co2e, 0e0))::decimal(38, 15))
            filter (not counts and coalesce(location_based_kg_co2e, embodied_kg_co2e) is not null)::double as left_out_kg_co2e,
        sum(lines) filter (counts)::bigint as lines,
        sum(estimated_lines::decimal(38, 0)) filter (counts)::bigint as estimated_lines,
        sum(billed_cost) filter (counts)::decimal(38, 12) as billed_cost,
        sum(estimated_billed_cost::decimal(38, 12)) filter (counts)::decimal(38, 12) as estimated_billed_cost,
        min(first_currency) filter (counts) is not distinct from max(last_currency) filter (counts) as is_one_currency
    from daily
    group by grouping sets ((metric, scope_id, usage_month), (metric, scope_id, usage_month, usage_date))
),

judged as (
    select
        *,
        case
            when days_with_quantity = 0 then quantity_gap_reason
            when quantity = 0e0 then 'the quantity is 0'
            when lines is null then 'no usage in this scope'
            when energy_kwh is null then 'no line in use is estimated'
            when location_based_kg_co2e is null then 'no grid factor'
            when embodied_kg_co2e is null then 'no embodied emissions are known'
        end as gap_reason
    from summed
)

select
    j.grain,
    j.usage_month,
    j.usage_date,
    j.metric,
    c.provider,
    c.account,
    c.service,
    c.region,
    c.tag_key,
    c.tag_value,
    c.owner,
    j.days,
    j.days_with_quantity,
    j.days_with_quantity_and_usage,
    j.quantity,
    j.energy_kwh,
    j.energy_without_grid_kwh,
    j.energy_without_embodied_kwh,
    j.location_based_kg_co2e,
    j.location_based_kg_co2e_low,
    j.location_based_kg_co2e_high,
    j.embodied_kg_co2e,
    j.embodied_kg_co2e_low,
    j.embodied_kg_co2e_high,
    case when j.gap_reason is null then (j.location_based_kg_co2e + j.embodied_kg_co2e) * 1000e0 / j.quantity end as sci_g_co2e_per_unit,
    case when j.gap_reason is null then (j.location_based_kg_co2e_low + j.embodied_kg_co2e_low) * 1000e0 / j.quantity end
        as sci_g_co2e_per_unit_low,
    case when j.gap_reason is null then (j.location_based_kg_co2e_high + j.embodied_kg_co2e_high) * 1000e0 / j.quantity end
        as sci_g_co2e_per_unit_high,
    j.left_out_kg_co2e,
    j.estimated_lines::double / nullif(j.lines, 0)::double as estimated_lines_share,
    case when j.is_one_currency then j.estimated_billed_cost::double / nullif(j.billed_cost::double, 0e0) end as estimated_cost_share,
    j.gap_reason
from judged as j
inner join scope as c on c.scope_id = j.scope_id
