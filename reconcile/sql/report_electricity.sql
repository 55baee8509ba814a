-- What the energy would cost at the meter. Grain: charge_month x provider x currency of the price; without a currency, the energy whose
-- price is not known. Parameters: since, until.
select
    charge_month,
    provider,
    sum(energy_kwh::decimal(38, 15))::double as energy_kwh,
    case when min(price_per_kwh) = max(price_per_kwh) then min(price_per_kwh) end as price_per_kwh,
    sum(electricity_cost::decimal(38, 12))::decimal(38, 12) as electricity_cost,
    currency,
    case when count(distinct gap_reason) = 1 then min(gap_reason) when count(gap_reason) > 0 then 'see ledger.electricity_cost' end as gap_reason
from ledger.electricity_cost
where
    coalesce(charge_month >= date_trunc('month', $since::date), true)
    and coalesce(charge_month < $until::date, true)
group by charge_month, provider, currency
order by charge_month, provider, currency
