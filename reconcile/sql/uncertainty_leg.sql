-- The legs of each class. Grain: class_id x leg. Reads: uncertainty_class, core.rate_in_force, core.rate_leg.
select distinct
    c.class_id,
    l.leg_group,
    l.leg,
    l.distribution,
    round(l.log_down, 3) as log_down,
    round(l.log_up, 3) as log_up,
    l.scope = 'account' as is_per_account
from uncertainty_class as c
inner join core.rate_leg as l on l.basis = c.basis and l.figure = c.figure
inner join (select distinct model, factor_set, basis from core.rate_in_force) as r
    on r.model = l.model and r.factor_set = l.factor_set and r.basis = l.basis
order by c.class_id, l.leg
