-- Water by region, on-site and off-site, with the share that falls where water is short. Grain: provider x region, then the total.
-- Parameters: since, until. Of lines in use; the ends are summed as fully correlated. Stressed is category 3 and above.
-- A share off-site takes the region's own category for the power plants, whose place nobody states.
with used as (
    select d.*, f.water_stress_category, coalesce(f.water_stress_category >= 3, false) as is_stressed
    from core.daily_footprint as d
    left join core.site_factor as f
        on f.factor_set = d.factor_set
        and f.provider = d.provider
        and f.region_id = d.region_id
        and f.charge_month = d.charge_month
    where
        d.usage_state = 'used'
        and coalesce(d.period_date >= $since::date, true)
        and coalesce(d.period_date < $until::date, true)
),

summed as (
    select
        provider, region_id, water_stress_category,
        sum(water_onsite_l::decimal(38, 15))::double as water_onsite_l,
        sum(water_onsite_l_low::decimal(38, 15))::double as water_onsite_l_low,
        sum(water_onsite_l_high::decimal(38, 15))::double as water_onsite_l_high,
        sum(water_offsite_l::decimal(38, 15))::double as water_offsite_l,
        sum(water_offsite_l_low::decimal(38, 15))::double as water_offsite_l_low,
        sum(water_offsite_l_high::decimal(38, 15))::double as water_offsite_l_high,
        sum(water_l::decimal(38, 15))::double as water_l,
        sum(water_l_low::decimal(38, 15))::double as water_l_low,
        sum(water_l_high::decimal(38, 15))::double as water_l_high,
        coalesce(sum(water_onsite_l::decimal(38, 15)) filter (is_stressed)::double, 0e0) as onsite_stressed,
        coalesce(sum(water_onsite_l::decimal(38, 15)) filter (water_stress_category is null)::double, 0e0) as onsite_unknown,
        coalesce(sum(water_offsite_l::decimal(38, 15)) filter (is_stressed)::double, 0e0) as offsite_stressed,
        coalesce(sum(water_offsite_l::decimal(38, 15)) filter (water_stress_category is null)::double, 0e0) as offsite_unknown,
        sum(it_energy_kwh::decimal(38, 15)) filter (water_l is null)::double as it_energy_without_sum_kwh,
        grouping(provider) as is_total
    from used
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
