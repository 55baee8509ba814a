-- Sums of the daily grain over everything that errs alike. Grain: provider x service x region x class x account x factors of the site.
-- Reads: core.daily_footprint, uncertainty_class, uncertainty_place. Parameters: since, until.
-- Lines in use with energy; what has no figure is null. The account is the one that pays:
-- what is published of loads are means of whole fleets, so the accounts under it share an error; null where no leg is an account's own.
-- A rate without a basis is of another tool's lane, which states no range: the site's are not its. Sums are exact.
with place as (
    select
        provider, region_id, charge_month,
        max(factor_class) filter (kind = 'pue') as pue_class,
        max(factor_class) filter (kind = 'grid') as grid_class,
        max(factor_class) filter (kind = 'market') as market_class,
        max(factor_class) filter (kind = 'td_loss') as td_loss_class,
        max(factor_class) filter (kind = 'wue') as wue_class,
        max(factor_class) filter (kind = 'wcf') as wcf_class
    from uncertainty_place
    group by provider, region_id, charge_month
)

select
    d.provider,
    d.service_name,
    d.region_id,
    i.class_id as it_class,
    e.class_id as embodied_class,
    case when i.is_per_account then concat(d.provider, ':', coalesce(d.billing_account_id, d.sub_account_id, '')) end as account,
    p.pue_class,
    p.grid_class,
    p.market_class,
    p.td_loss_class,
    p.wue_class,
    p.wcf_class,
    sum(d.energy_kwh::decimal(38, 15))::double as energy_kwh,
    sum(d.location_based_kg_co2e::decimal(38, 15))::double as location_based_kg_co2e,
    sum(d.market_based_kg_co2e::decimal(38, 15))::double as market_based_kg_co2e,
    sum(d.td_loss_kg_co2e::decimal(38, 15))::double as td_loss_kg_co2e,
    sum(d.embodied_kg_co2e::decimal(38, 15))::double as embodied_kg_co2e,
    sum(d.water_onsite_l::decimal(38, 15)) filter (d.water_l is not null)::double as water_onsite_l,
    sum(d.water_offsite_l::decimal(38, 15)) filter (d.water_l is not null)::double as water_offsite_l
from core.daily_footprint as d
left join uncertainty_class as i on i.basis = d.basis and i.figure = 'it_energy'
left join uncertainty_class as e on e.basis = d.basis and e.figure = 'embodied'
left join place as p
    on d.basis is not null
    and p.provider = d.provider
    and p.region_id = d.region_id
    and p.charge_month = d.charge_month
where
    d.usage_state = 'used'
    and d.energy_kwh <> 0e0
    and coalesce(d.period_date >= $since::date, true)
    and coalesce(d.period_date < $until::date, true)
group by all
order by all
