-- How many days of a month the bill holds for an account: days that a line of use covers, whatever its length.
-- Grain: month x provider x account. Lines out of scope (tax, fees, credits) often span the month and prove nothing.
with period as (
    select distinct
        s.provider,
        u.sub_account_id,
        date_trunc('month', u.charge_period_start)::date as usage_month,
        u.charge_period_start::date as first_day,
        greatest(u.charge_period_start, u.charge_period_end - interval 1 microsecond)::date as last_day
    from core.usage as u
    inner join core.sku as s on s.sku_id = u.sku_id
    left join core.rate as r
        on r.sku_id = u.sku_id
        and r.charge_month = cast(date_trunc('month', u.charge_period_start) as date)
        and r.model = (select value from core.setting where key = 'model')
        and r.factor_set = (select value from core.setting where key = 'factor_set')
    where u.charge_period_start is not null and coalesce(r.disposition, 'unmodelled') <> 'out_of_scope'
),

day_held as (
    select distinct
        provider,
        sub_account_id,
        usage_month,
        unnest(generate_series(first_day::timestamp, least(coalesce(last_day, first_day), last_day(usage_month))::timestamp, interval 1 day))
            as day_held
    from period
)

select
    usage_month,
    provider,
    sub_account_id,
    count(*)::integer as days_held
from day_held
group by usage_month, provider, sub_account_id
