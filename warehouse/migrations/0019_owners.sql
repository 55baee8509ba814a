-- Who answers for a line of the bill, what accounts are called and where they hang, and what was left out at ingest.

-- Names that bills carry beside their accounts. Grain: unit x provider x account x name.
create table core.account_seen (
    unit_id bigint not null,
    provider varchar,
    account_id varchar not null,
    account_name varchar not null
);

-- Accounts, organisational units, folders and management groups as files of names say them.
create table core.account (
    unit_id bigint not null,
    row_number bigint not null,
    provider varchar,
    account_id varchar,
    account_name varchar,
    account_kind varchar,
    parent_id varchar,
    path varchar
);

-- Lines of a delivery that include and exclude of its source leave out: counted, never loaded.
create table core.left_out (
    unit_id bigint not null,
    service_name varchar,
    billing_month date,
    billing_currency varchar,
    lines bigint not null,
    billed_cost decimal(38, 12),
    effective_cost decimal(38, 12)
);

-- The owner rules of the configuration, as this program last wrote them.
-- Of a dimension the first source that says something counts; 0 is the dimension that reports show first.
create table core.owner_rule (
    dimension varchar not null,
    dimension_position integer not null,
    position integer not null,
    rule varchar not null,              -- as written
    kind varchar not null,              -- tag, account, project, subscription, payer, parent
    tag varchar
);
create table core.owner_shared (rule varchar not null, kind varchar not null, tag varchar, pattern varchar);
create table core.owner_name (value varchar primary key, owner varchar not null);
create table core.owner_split (owner varchar, basis varchar not null, share double); -- basis: cost, energy_kwh, or table

-- What an account is called: as files of names say, else as the bills do. Of several files the one that sorts last counts.
-- Grain: provider x account_id.
create view core.account_known as
with listed as (
    select a.*
    from core.account as a
    inner join core.unit as u on u.unit_id = a.unit_id
    qualify row_number() over (partition by a.provider, a.account_id order by u.scope desc, u.source, a.row_number desc) = 1
),

billed as ( -- names change: the one of the newest period counts
    select s.provider, s.account_id, s.account_name
    from core.account_seen as s
    inner join core.unit as u on u.unit_id = s.unit_id
    qualify row_number() over (partition by s.provider, s.account_id order by u.period desc, u.scope desc, u.source, s.account_name) = 1
)

select
    coalesce(l.provider, b.provider) as provider,
    coalesce(l.account_id, b.account_id) as account_id,
    coalesce(l.account_name, b.account_name) as account_name,
    l.account_kind,
    l.parent_id,
    l.path,
    case when l.account_name is not null then 'file' else 'bill' end as name_source
from listed as l
full join billed as b on b.provider = l.provider and b.account_id = l.account_id;

-- Where each account hangs: its names from the root down. A branch that comes back to itself ends there.
-- Grain: provider x account_id.
create view core.account_place as
with recursive above (provider, account_id, parent_id, depth, path, seen, is_cycle, top_id) as (
    select
        provider, account_id, parent_id, 0, coalesce(account_name, account_id), [account_id], false, account_id
    from core.account_known
    union all
    select
        a.provider, a.account_id, p.parent_id, a.depth + 1,
        concat(coalesce(p.account_name, p.account_id), ' / ', a.path),
        list_append(a.seen, p.account_id),
        list_contains(a.seen, p.account_id),
        p.account_id
    from above as a
    inner join core.account_known as p on p.provider = a.provider and p.account_id = a.parent_id
    where not a.is_cycle
),

climbed as (
    select *
    from above
    qualify row_number() over (partition by provider, account_id order by depth desc) = 1
)

select
    k.provider,
    k.account_id,
    k.account_name,
    k.account_kind,
    k.name_source,
    k.parent_id,
    p.account_name as parent_name,
    case when c.is_cycle then null when k.parent_id is null and k.path is not null then k.path else c.path end as account_path,
    case
        when c.is_cycle then null
        when k.parent_id is null and k.path is not null then len(string_split(k.path, ' / ')) - 1
        else c.depth
    end as depth,
    case
        when c.is_cycle then 'its parents lead back to itself'
        when c.parent_id is not null then concat('nothing is known of the parent ', c.parent_id)
    end as finding
from core.account_known as k
inner join climbed as c on c.provider = k.provider and c.account_id = k.account_id
left join core.account_known as p on p.provider = k.provider and p.account_id = k.parent_id;
