-- Sums of the daily grain over everything that errs alike. Grain: provider x service x region x class x account x factors of the site.
-- Reads: core.usage_daily, core.sku, core.rate_in_force, uncertainty_class, uncertainty_place. Parameters: since, until.
-- Lines in use with energy; what has no figure is null. The account is null where no leg is an account's own. Sums are exact.
with place as (
    select
        provider, region_id, charge_month,
        max(factor_class) filter (leg = 'pue') as pue_class,
        max(factor_class) filter (leg = 'grid') as grid_class,
        max(factor_class) filter (leg = 'wue') as wue_class,
        max(factor_class) filter (leg = 'wcf') as wcf_class
    from uncertainty_place
    group by provider, region_id, charge_month
)

select
    s.provider,
    s.service_name,
    s.region_id,
    i.class_id as it_class,
    e.class_id as embodied_class,
    case when i.is_per_account then concat(s.provider, ':', coalesce(d.sub_account_id, d.billing_account_id, '')) end as account,
    p.pue_class,
    p.grid_class,
    p.wue_class,
    p.wcf_class,
    sum((d.consumed_quantity * r.energy_kwh)::decimal(38, 15))::double as energy_kwh,
    sum((d.consumed_quantity * r.location_based_kg_co2e)::decimal(38, 15))::double as location_based_kg_co2e,
    sum((d.consumed_quantity * r.embodied_kg_co2e)::decimal(38, 15))::double as embodied_kg_co2e,
    sum((d.consumed_quantity * r.water_onsite_l)::decimal(38, 15)) filter (r.water_l is not null)::double as water_onsite_l,
    sum((d.consumed_quantity * r.water_offsite_l)::decimal(38, 15)) filter (r.water_l is not null)::double as water_offsite_l
from core.usage_daily as d
inner join core.sku as s on s.sku_id = d.sku_id
inner join core.rate_in_force as r on r.sku_id = d.sku_id and r.charge_month = d.charge_month
left join uncertainty_class as i on i.basis = r.basis and i.figure = 'it_energy'
left join uncertainty_class as e on e.basis = r.basis and e.figure = 'embodied'
left join place as p on p.provider = s.provider and p.region_id = s.region_id and p.charge_month = d.charge_month
where
    r.usage_state = 'used'
    and d.consumed_quantity * r.energy_kwh <> 0e0
    and coalesce(coalesce(d.usage_date, d.billing_month) >= $since::date, true)
    and coalesce(coalesce(d.usage_date, d.billing_month) < $until::date, true)
group by all
order by all
