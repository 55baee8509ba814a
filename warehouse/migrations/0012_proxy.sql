-- The last rung: energy and emissions per US dollar of what the model covers, for what it does not cover.
-- Grain: SKU of usage x charge month, of providers with estimated lines of use in US dollars in that month. Empty unless the switch
-- spend_proxy is on. It depends on all units of a month, so it is a view and never a row of the rate card.
create view core.spend_rate as
with estimated as (
    select
        s.provider,
        d.charge_month,
        d.effective_cost,
        d.consumed_quantity * r.energy_kwh as energy_kwh,
        d.consumed_quantity * r.location_based_kg_co2e as location_based_kg_co2e
    from core.setting as f
    inner join core.usage_daily as d on f.key = 'spend_proxy' and f.value = 'true'
    inner join core.sku as s on s.sku_id = d.sku_id
    inner join core.rate_in_force as r
        on r.sku_id = d.sku_id
        and r.charge_month = d.charge_month
        and r.disposition = 'estimated'
        and r.usage_state = 'used'
        and r.location_based_kg_co2e is not null -- both ratios over the same lines: those with a grid factor
    where
        d.billing_currency = 'USD'
        and d.consumed_quantity is not null
        and (d.effective_cost is not null or d.lines = 0) -- quantity at an observed load: its cost is on the line's own SKU
),

ratio as (
    select
        provider,
        charge_month,
        sum(effective_cost)::decimal(38, 12) as estimated_effective_cost,
        sum(energy_kwh::decimal(38, 15))::double as estimated_energy_kwh,
        sum(location_based_kg_co2e::decimal(38, 15))::double as estimated_location_based_kg_co2e
    from estimated
    group by provider, charge_month
    having sum(effective_cost) > 0 and sum(energy_kwh::decimal(38, 15)) > 0
)

select
    s.sku_id,
    r.charge_month,
    'USD' as billing_currency,
    r.estimated_effective_cost,
    r.estimated_energy_kwh,
    r.estimated_location_based_kg_co2e,
    r.estimated_energy_kwh / r.estimated_effective_cost::double as energy_kwh_per_usd,
    r.estimated_location_based_kg_co2e / r.estimated_effective_cost::double as location_based_kg_co2e_per_usd
from ratio as r
inner join core.sku as s on s.provider = r.provider and s.charge_category = 'Usage';

-- What became of each daily row, and why. Grain: as core.usage_daily.
create view core.daily_disposition as
select
    d.usage_date,
    d.billing_month,
    coalesce(d.charge_month, d.billing_month) as month,
    s.provider,
    s.service_name,
    case when p.sku_id is not null then 'proxy' else coalesce(r.disposition, 'unmodelled') end as disposition,
    case
        when r.sku_id is not null then r.gap_reason
        when d.charge_month is null then 'no charge period'
        when d.consumed_quantity is null then 'no quantity'
        else 'not rated: run `wattledger estimate`'
    end as gap_reason,
    d.billing_currency,
    d.lines,
    d.billed_cost,
    d.effective_cost::double * p.energy_kwh_per_usd as proxy_energy_kwh,
    d.effective_cost::double * p.location_based_kg_co2e_per_usd as proxy_location_based_kg_co2e
from core.usage_daily as d
inner join core.sku as s on s.sku_id = d.sku_id
left join core.rate_in_force as r
    on r.sku_id = d.sku_id
    and r.charge_month = d.charge_month
    and (d.consumed_quantity is not null or r.it_energy_kwh is null)
left join core.spend_rate as p -- the last rung, by cost
    on p.sku_id = d.sku_id
    and p.charge_month = d.charge_month
    and p.billing_currency = d.billing_currency
    and d.effective_cost is not null
    and coalesce(r.disposition, 'unmodelled') = 'unmodelled';
