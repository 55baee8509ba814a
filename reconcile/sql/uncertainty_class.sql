-- What errs alike: bases whose legs agree to a thousandth of a log are one class. Grain: basis x figure.
-- Reads: core.rate_in_force, core.rate_leg.
with leg as (
    select
        l.basis, l.figure, l.leg, l.leg_group, l.scope, l.distribution, round(l.log_down, 3) as log_down, round(l.log_up, 3) as log_up
    from core.rate_leg as l
    inner join (select distinct model, factor_set, basis from core.rate_in_force) as r
        on r.model = l.model and r.factor_set = l.factor_set and r.basis = l.basis
),

class as (
    select
        basis,
        figure,
        string_agg(concat_ws('|', leg, leg_group, coalesce(log_down::varchar, 'zero'), log_up::varchar), ';' order by leg) as legs,
        bool_or(scope = 'account') as is_per_account
    from leg
    group by basis, figure
)

select basis, figure, dense_rank() over (order by figure, legs)::integer - 1 as class_id, is_per_account
from class
