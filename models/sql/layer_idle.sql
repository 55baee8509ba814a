-- Rows of the layers in force that no site rests on. Grain: one row per layer, in the order of the label.
-- Reads: factors.own_site_metric, factors.own_grid_intensity, core.site_factor.
with given as (
    select factor_id, position from factors.own_site_metric
    union all
    select factor_id, position from factors.own_grid_intensity
),

used as (
    select unnest(list_concat([f.pue_ref, f.grid_ref, f.market_ref], f.group_refs)) as factor_id
    from core.site_factor as f
    inner join core.setting as s on s.key = 'factor_set' and s.value = f.factor_set
)

select
    l.layer,
    count(*) as given,
    count(*) - count(u.factor_id) as idle
from given as g
inner join factors.layer_in_force as l on l.position = g.position
left join (select distinct factor_id from used) as u on u.factor_id = g.factor_id
group by l.layer, l.position
order by l.position
