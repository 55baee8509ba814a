-- Who owns what a distinct account and set of tags holds, by the rules: the first source that says something.
-- Grain: dimension x provider x billing account x sub account x tag set, of those that the daily rows hold.
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
left join core.owner_name as i on i.value = f.id
