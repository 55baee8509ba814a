-- How many days of a month the bill holds for an account. Grain: month x provider x account.
-- The bill lacks a day when it is silent for the whole payer, or when the account is not on it yet: before its first line
-- ever, if from then on it has lines every day for a week or more. Any other day without a line is a day without use:
-- a job that ran once has nothing to do with timing.
-- A line of use holds every day that it covers; those out of scope (tax, fees, credits) span months and prove nothing,
-- and neither do lines of more than a day that are not estimated, where there are others: what is charged by the month
-- (a zone of a name server) is charged on its first day.
with period as (
    select distinct
        s.provider,
        u.billing_account_id,
        u.sub_account_id,
        date_trunc('month', u.charge_period_start)::date as usage_month,
        u.charge_period_start::date as first_day,
        greatest(u.charge_period_start, u.charge_period_end - interval 1 microsecond)::date as last_day,
        coalesce(u.charge_period_end > u.charge_period_start + interval 1 day and r.disposition is distinct from 'estimated', false)
            as is_flat
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    left join core.rate_in_force as r
        on r.sku_id = u.sku_id
        and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
    where u.charge_period_start is not null and coalesce(r.disposition, 'unmodelled') <> 'out_of_scope'
),

day_held as (
    select distinct
        provider,
        coalesce(billing_account_id, '') as payer,
        sub_account_id,
        usage_month,
        is_flat,
        unnest(generate_series(first_day::timestamp, least(coalesce(last_day, first_day), last_day(usage_month))::timestamp, interval 1 day))::date
            as day_held
    from period
),

account as ( -- first_ever: the first day of the account on any bill
    select
        provider, payer, sub_account_id, usage_month,
        min(day_held) as first_day,
        count(distinct day_held) as days_used,
        min(min(day_held)) over (partition by provider, sub_account_id) as first_ever
    from day_held
    group by provider, payer, sub_account_id, usage_month
),

payer_day as (
    select distinct provider, payer, usage_month, day_held
    from (select *, bool_and(is_flat) over (partition by provider, payer, usage_month) as is_all_flat from day_held) as d
    where is_flat = is_all_flat
),

counted as (
    select
        a.provider, a.payer, a.sub_account_id, a.usage_month, a.days_used, a.first_day = a.first_ever as is_first_month,
        count(*) as days_of_payer,
        count(*) filter (d.day_held >= a.first_day) as days_since_first
    from account as a
    inner join payer_day as d on d.provider = a.provider and d.payer = a.payer and d.usage_month = a.usage_month
    group by all
)

select
    usage_month,
    provider,
    sub_account_id,
    max(
        case when is_first_month and days_used >= 7 and days_used = days_since_first then days_used else days_of_payer end
    )::integer as days_held
from counted
group by usage_month, provider, sub_account_id
