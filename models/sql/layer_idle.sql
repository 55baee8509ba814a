-- Rows of the layers in force that no site and no rate rests on. Grain: one row per layer, in the order of the label.
-- Reads: factors.own_site_metric, factors.own_grid_intensity, factors.own_coefficient, factors.own_instance,
-- factors.own_electricity_price, core.site_factor, core.rate_input, ledger.electricity_cost.
with given as (
    select factor_id, position from factors.own_site_metric
    union all
    select factor_id, position from factors.own_grid_intensity
    union all
    select factor_id, position from factors.own_coefficient where not starts_with(key, 'peer_instance.') -- of lanes alone
    union all
    select factor_id, position from factors.own_instance
    union all
    select factor_id, position from factors.own_electricity_price
),

used as (
    select unnest(list_concat([f.pue_ref, f.grid_ref, f.market_ref, f.wue_ref], f.group_refs)) as factor_id
    from core.site_factor as f
    inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
    union
    select unnest(i.factor_refs)
    from core.rate_input as i
    inner join core.setting as s on s.key = 'factor_set' and s.value = i.factor_set
    union
    select price_ref
    from ledger.electricity_cost
)

select
    l.layer,
    count(*) as given,
    count(*) - count(u.factor_id) as idle
from given as g
inner join factors.layer_in_force as l on l.position = g.position
left join used as u on u.factor_id = g.factor_id
group by l.layer, l.position
order by l.position
