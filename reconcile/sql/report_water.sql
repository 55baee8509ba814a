-- Water by region, on-site and off-site, with the share that falls where water is short. Grain: provider x region, then the total.
-- Parameters: since, until. Of lines in use; the ends are summed as fully correlated. Stressed is category 3 and above.
-- A share off-site takes the region's own category for the power plants, whose place nobody states.
with used as (
    select
        s.provider,
        s.region_id,
        f.water_stress_category,
        d.consumed_quantity as quantity,
        r.*
    from core.usage_daily as d
    inner join core.sku as s on s.sku_id = d.sku_id
    inner join core.rate_in_force as r
        on r.sku_id = d.sku_id and r.charge_month = d.charge_month and r.usage_state = 'used'
    left join core.site_factor as f
        on f.factor_set = r.factor_set
        and f.provider = s.provider
        and f.region_id = s.region_id
        and f.charge_month = d.charge_month
    where
        coalesce(coalesce(d.usage_date, d.billing_month) >= $since::date, true)
        and coalesce(coalesce(d.usage_date, d.billing_month) < $until::date, true)
),

litres as (
    select
        provider, region_id, water_stress_category,
        coalesce(water_stress_category >= 3, false) as is_stressed,
        quantity * water_onsite_l as onsite,
        least(quantity * water_onsite_l_low, quantity * water_onsite_l_high) as onsite_low,
        greatest(quantity * water_onsite_l_low, quantity * water_onsite_l_high) as onsite_high,
        quantity * water_offsite_l as offsite,
        least(quantity * water_offsite_l_low, quantity * water_offsite_l_high) as offsite_low,
        greatest(quantity * water_offsite_l_low, quantity * water_offsite_l_high) as offsite_high,
        quantity * water_l as litres,
        least(quantity * water_l_low, quantity * water_l_high) as litres_low,
        greatest(quantity * water_l_low, quantity * water_l_high) as litres_high,
        case when water_l is null then quantity * it_energy_kwh end as without_kwh
    from used
),

summed as (
    select
        provider, region_id, water_stress_category,
        sum(onsite::decimal(38, 15))::double as water_onsite_l,
        sum(onsite_low::decimal(38, 15))::double as water_onsite_l_low,
        sum(onsite_high::decimal(38, 15))::double as water_onsite_l_high,
        sum(offsite::decimal(38, 15))::double as water_offsite_l,
        sum(offsite_low::decimal(38, 15))::double as water_offsite_l_low,
        sum(offsite_high::decimal(38, 15))::double as water_offsite_l_high,
        sum(litres::decimal(38, 15))::double as water_l,
        sum(litres_low::decimal(38, 15))::double as water_l_low,
        sum(litres_high::decimal(38, 15))::double as water_l_high,
        coalesce(sum(onsite::decimal(38, 15)) filter (is_stressed)::double, 0e0) as onsite_stressed,
        coalesce(sum(onsite::decimal(38, 15)) filter (water_stress_category is null)::double, 0e0) as onsite_unknown,
        coalesce(sum(offsite::decimal(38, 15)) filter (is_stressed)::double, 0e0) as offsite_stressed,
        coalesce(sum(offsite::decimal(38, 15)) filter (water_stress_category is null)::double, 0e0) as offsite_unknown,
        sum(without_kwh::decimal(38, 15))::double as it_energy_without_sum_kwh,
        grouping(provider) as is_total
    from litres
    group by grouping sets ((provider, region_id, water_stress_category), ())
    having count(*) > 0
)

select
    case when is_total = 1 then 'total' else provider end as provider,
    region_id,
    water_stress_category,
    water_onsite_l, water_onsite_l_low, water_onsite_l_high,
    water_offsite_l, water_offsite_l_low, water_offsite_l_high,
    water_l, water_l_low, water_l_high,
    onsite_stressed / nullif(water_onsite_l, 0e0) as onsite_stressed_share,
    onsite_unknown / nullif(water_onsite_l, 0e0) as onsite_unknown_share,
    offsite_stressed / nullif(water_offsite_l, 0e0) as offsite_stressed_share,
    offsite_unknown / nullif(water_offsite_l, 0e0) as offsite_unknown_share,
    it_energy_without_sum_kwh
from summed
order by is_total, coalesce(water_l, water_offsite_l, water_onsite_l) desc nulls last, provider, region_id
