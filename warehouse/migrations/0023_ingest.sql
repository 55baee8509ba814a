-- Second reading of what is read: keys of tags compare alike everywhere, metrics may be of an owner, and the newest file of a grid counts.

-- Of which owner a metric is, as `dimension:glob`; null: of all.
alter table core.business_metric add column owner varchar;

-- What the content in force of each unit of a bill sums to, with the rates in force; energy and emissions of lines in use. As long as an
-- upgrade has taken the rates away and none have come in their place, what was kept of it then.
-- Grain: unit x month x accounts x provider x service x region x unit of quantity x currency. A unit without rows
-- (delivered empty, or shadowed after it was loaded) has one row of 0 lines; one that was never loaded has none.
create table if not exists core.kept_sum as select * from core.current_sum limit 0;
create or replace view core.current_sum as
select * from core.kept_sum
union all by name
select
    n.unit_id,
    n.generation,
    d.charge_month,
    d.billing_account_id,
    d.sub_account_id,
    s.provider,
    s.service_name,
    s.region_id,
    s.consumed_unit,
    d.billing_currency,
    coalesce(sum(d.lines), 0)::bigint as lines,
    sum(d.consumed_quantity::decimal(38, 15))::double as consumed_quantity,
    sum(d.billed_cost)::decimal(38, 12) as billed_cost,
    sum(d.effective_cost)::decimal(38, 12) as effective_cost,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum(least(d.consumed_quantity * r.energy_kwh_low, d.consumed_quantity * r.energy_kwh_high)::decimal(38, 15))::double
        as energy_kwh_low,
    sum(greatest(d.consumed_quantity * r.energy_kwh_low, d.consumed_quantity * r.energy_kwh_high)::decimal(38, 15))::double
        as energy_kwh_high,
    sum((d.consumed_quantity * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum(
        least(d.consumed_quantity * r.location_based_kg_co2e_low, d.consumed_quantity * r.location_based_kg_co2e_high)
        ::decimal(38, 15)
    )::double as location_based_kg_co2e_low,
    sum(
        greatest(d.consumed_quantity * r.location_based_kg_co2e_low, d.consumed_quantity * r.location_based_kg_co2e_high)
        ::decimal(38, 15)
    )::double as location_based_kg_co2e_high,
    sum((d.consumed_quantity * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
    sum((d.consumed_quantity * r.market_based_kg_co2e)::decimal(38, 15))::double as market_based_kg_co2e
from core.unit as n
left join core.usage_daily as d on d.unit_id = n.unit_id
left join core.sku as s on s.sku_id = d.sku_id
left join core.rate_in_force as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and coalesce(r.usage_state, 'used') = 'used'
where n.table_name = 'usage' and n.generation > 0 and n.unit_id not in (select unit_id from core.kept_sum)
group by all;

-- Who owns what a distinct account and set of tags holds, by the rules: the first source that says something.
-- Grain: dimension x provider x billing account x sub account x tag set, of those that the daily rows hold.
create or replace view core.owner as
with holding as (
    select distinct s.provider, d.billing_account_id, d.sub_account_id, d.tag_set_id
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
),

known as (
    select h.*, a.account_name, a.parent_id, a.parent_name, b.account_name as payer_name, t.tags
    from holding as h
    left join core.account_place as a on a.provider = h.provider and a.account_id = h.sub_account_id
    left join core.account_known as b on b.provider = h.provider and b.account_id = h.billing_account_id
    left join core.tag_set as t on t.tag_set_id = h.tag_set_id
),

-- What each set of tags says under the keys that rules name: in any case, with or without the prefix that AWS writes. An
-- empty value says nothing; of several the key as the rule spells it counts first, then the first in order.
tagged as (
    select e.tag_set_id, n.tag, e.entry.value as value
    from (select tag_set_id, unnest(map_entries(tags)) as entry from core.tag_set) as e
    inner join (
        select tag from core.owner_rule where tag is not null
        union
        select tag from core.owner_shared where tag is not null
    ) as n on regexp_replace(lower(e.entry.key), '^user[:_]', '') = regexp_replace(lower(n.tag), '^user[:_]', '')
    where trim(e.entry.value) <> ''
    qualify row_number() over (partition by e.tag_set_id, n.tag order by e.entry.key <> n.tag, e.entry.key) = 1
),

shared as (
    select distinct k.provider, k.billing_account_id, k.sub_account_id, k.tag_set_id, min(s.rule) as rule
    from known as k
    cross join core.owner_shared as s
    left join tagged as t on t.tag_set_id = k.tag_set_id and t.tag = s.tag
    where
        case s.kind
            when 'tag' then lower(t.value) glob lower(s.pattern)
            when 'payer' then
                lower(k.billing_account_id) glob lower(s.pattern) or lower(k.payer_name) glob lower(s.pattern)
            when 'parent' then lower(k.parent_id) glob lower(s.pattern) or lower(k.parent_name) glob lower(s.pattern)
            else
                (s.kind = 'account' or k.provider = case s.kind when 'project' then 'gcp' else 'azure' end)
                and (lower(k.sub_account_id) glob lower(s.pattern) or lower(k.account_name) glob lower(s.pattern))
        end
    group by all
),

said as (
    select
        k.provider, k.billing_account_id, k.sub_account_id, k.tag_set_id, k.tags, r.dimension, r.dimension_position,
        r.position, r.rule,
        nullif(trim(case
            when r.kind = 'tag' then t.value
            when r.kind = 'payer' then coalesce(k.payer_name, k.billing_account_id)
            when r.kind = 'parent' then coalesce(k.parent_name, k.parent_id)
            when r.kind = 'account' or k.provider = case r.kind when 'project' then 'gcp' else 'azure' end
                then coalesce(k.account_name, k.sub_account_id)
        end), '') as value,
        case when r.kind in ('account', 'project', 'subscription') then k.sub_account_id when r.kind = 'payer' then k.billing_account_id end
            as id
    from known as k
    cross join core.owner_rule as r
    left join tagged as t on t.tag_set_id = k.tag_set_id and t.tag = r.tag
),

first_said as (
    select *
    from said
    qualify row_number() over (
        partition by dimension, provider, billing_account_id, sub_account_id, tag_set_id
        order by value is null, position
    ) = 1
)

select
    f.dimension,
    f.dimension_position,
    f.provider,
    f.billing_account_id,
    f.sub_account_id,
    f.tag_set_id,
    f.tags,
    case when s.rule is not null then 'shared' when f.value is not null then 'owned' else 'unowned' end as state,
    case when s.rule is null then coalesce(n.owner, i.owner, f.value) end as owner,
    coalesce(s.rule, case when f.value is not null then f.rule end) as rule
from first_said as f
left join shared as s
    on s.provider is not distinct from f.provider
    and s.billing_account_id is not distinct from f.billing_account_id
    and s.sub_account_id is not distinct from f.sub_account_id
    and s.tag_set_id is not distinct from f.tag_set_id
left join core.owner_name as n on n.value = f.value
left join core.owner_name as i on i.value = f.id;

-- Intensity of every whole hour, of the zones that some place takes. Shorter intervals, and those that begin within an hour, count by their share of it; an hour
-- that is covered in part has no value. Of two files of a source the one that sorts last counts, as dated
-- names sort by age; of two sources the first by name.
-- Grain: zone x signal x boundary x hour.
create or replace view core.grid_hour as
with taken as (
    select * from core.grid_interval
    where interval_end <= interval_start + interval 1 hour and zone in (select zone from core.grid_hour_choice)
),

piece as (
    select
        unit_id, zone, signal, boundary, g_co2e_per_kwh,
        date_trunc('hour', interval_start) as hour_start,
        epoch(least(interval_end, date_trunc('hour', interval_start) + interval 1 hour) - interval_start) / 3600e0 as share
    from taken
    union all
    select
        unit_id, zone, signal, boundary, g_co2e_per_kwh,
        date_trunc('hour', interval_end),
        epoch(interval_end - date_trunc('hour', interval_end)) / 3600e0
    from taken
    where date_trunc('hour', interval_end) > interval_start and interval_end > date_trunc('hour', interval_end)
),

whole as (
    select
        unit_id, zone, signal, boundary, hour_start,
        sum((g_co2e_per_kwh * share)::decimal(38, 15))::double as g_co2e_per_kwh
    from piece
    group by unit_id, zone, signal, boundary, hour_start
    having sum(share::decimal(38, 15)) > 0.999999 -- twelve twelfths
)

select w.zone, w.signal, w.boundary, w.hour_start, w.g_co2e_per_kwh, w.unit_id
from whole as w
inner join core.unit as u on u.unit_id = w.unit_id
qualify row_number() over (
    partition by w.zone, w.signal, w.boundary, w.hour_start order by u.source, u.scope desc, w.unit_id
) = 1;

-- Intensity of every month: as a file states it, else the mean of a file's intervals of a day and more that cover it whole,
-- weighted by their length. A month of another clock is the one that holds its middle, an interval likewise. Of files as in grid_hour.
-- Grain: zone x signal x boundary x month.
create or replace view core.grid_month as
with placed as (
    select
        unit_id, zone, signal, boundary, g_co2e_per_kwh,
        interval_end > interval_start + interval 27 days as is_month,
        date_trunc('month', interval_start + (interval_end - interval_start) / 2)::date as charge_month,
        epoch(interval_end - interval_start) / 3600e0 as hours
    from core.grid_interval
    where interval_end > interval_start + interval 1 hour
),

stated as (
    select
        unit_id, zone, signal, boundary, charge_month, is_month,
        sum((g_co2e_per_kwh * hours)::decimal(38, 15))::double / sum(hours::decimal(38, 15))::double as g_co2e_per_kwh
    from placed
    group by unit_id, zone, signal, boundary, charge_month, is_month
    -- every day of it; days of a clock that changes between summer and winter are an hour longer or shorter together
    having is_month or sum(hours::decimal(38, 15))::double >= epoch(charge_month + interval 1 month - charge_month::timestamp) / 3600e0 - 1.000001
)

select s.zone, s.signal, s.boundary, s.charge_month, s.g_co2e_per_kwh, s.unit_id
from stated as s
inner join core.unit as u on u.unit_id = s.unit_id
qualify row_number() over (
    partition by s.zone, s.signal, s.boundary, s.charge_month order by not s.is_month, u.source, u.scope desc, s.unit_id
) = 1;
