-- What the energy would cost at the meter, where a price of electricity is known: information, and no part of the bill. It is in the
-- bill's own price already, so never add it to a billed cost. Lines in use. An own price goes before the set's; of one kind the
-- nearest place first (the region, its zones, its provider), a month before its year. Another year's price is not taken.
-- Grain: charge_month x provider x sub_account_id x region_id.
with used as (
    select
        charge_month,
        provider,
        sub_account_id,
        region_id,
        sum(energy_kwh::decimal(38, 15))::double as energy_kwh
    from ledger.footprint_daily
    where usage_state = 'used' and energy_kwh is not null
    group by all
),

-- The zones of a place, the nearest first.
zone as (
    select
        u.charge_month,
        u.provider,
        u.region_id,
        unnest(u.zones) as zone,
        unnest(range(len(u.zones))) as step
    from (
        select
            k.charge_month,
            k.provider,
            k.region_id,
            list_concat(
                case when k.region_id is null then [] else [concat('region:', k.provider, ':', k.region_id)] end,
                coalesce(string_split(p.grid_chain, '>'), []),
                [concat('provider:', k.provider)]
            ) as zones
        from (select distinct charge_month, provider, region_id from used) as k
        left join core.site_factor as f
            on f.factor_set = (select value from core.setting where key = 'factor_set')
            and f.provider = k.provider
            and f.region_id = k.region_id
            and f.charge_month = k.charge_month
        left join core.place as p on p.factor_id = f.region_ref
    ) as u
),

price as (
    select 0 as position, factor_id, concat(zone_scheme, ':', zone) as zone, period, price_per_kwh, currency
    from factors.electricity_price
    union all
    select position, factor_id, concat(zone_scheme, ':', zone), period, price_per_kwh, currency
    from factors.own_electricity_price
),

found as (
    select
        z.charge_month,
        z.provider,
        z.region_id,
        p.factor_id as price_ref,
        p.price_per_kwh,
        p.currency,
        p.period = strftime(z.charge_month, '%Y-%m') or p.period = strftime(z.charge_month, '%Y') as is_of_month,
        max(p.period) over (partition by z.charge_month, z.provider, z.region_id) as last_period,
        row_number() over (
            partition by z.charge_month, z.provider, z.region_id
            order by
                p.period = strftime(z.charge_month, '%Y-%m') or p.period = strftime(z.charge_month, '%Y') desc,
                p.position = 0,
                z.step,
                length(p.period) desc,
                p.position desc,
                p.factor_id
        ) as choice
    from zone as z
    inner join price as p on p.zone = z.zone
)

select
    u.charge_month,
    u.provider,
    u.sub_account_id,
    u.region_id,
    u.energy_kwh,
    f.price_per_kwh,
    f.currency,
    (u.energy_kwh::decimal(28, 9) * f.price_per_kwh)::decimal(38, 12) as electricity_cost,
    f.price_ref,
    case
        when f.price_ref is not null then null
        when n.last_period is not null then concat('no price for this month; the last one of this place is of ', n.last_period)
        else 'no price of electricity is known for this place'
    end as gap_reason
from used as u
left join found as f
    on f.choice = 1
    and f.is_of_month
    and f.charge_month = u.charge_month
    and f.provider = u.provider
    and f.region_id is not distinct from u.region_id
left join found as n
    on n.choice = 1
    and n.charge_month = u.charge_month
    and n.provider = u.provider
    and n.region_id is not distinct from u.region_id
