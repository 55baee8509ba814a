-- IT energy of one physical unit for each combination of coefficients, and how far each coefficient moves it.
-- Grain: basis, one row per combination that the wanted SKUs use. Reads: wanted, core.sku_class, core.coefficient_in_force.
-- Energy in kWh per physical unit; `..._down` and `..._up` are sums of squared log ratios, a null `down` is a low of zero.
with combination as (
    select distinct c.basis, c.coefficient_key, c.share_key, c.overhead_key, c.replication_key
    from wanted as w
    inner join core.sku_class as c on c.sku_id = w.sku_id
    where c.method = 'coefficient'
),

numbered as ( -- a multiplier that does not apply is 1; one that is missing from the factor set stays null
    select
        b.*,
        k.low as coefficient_low, k.central as coefficient, k.high as coefficient_high, k.unit as coefficient_unit,
        case when b.share_key is null then 1e0 else s.low end as share_low,
        case when b.share_key is null then 1e0 else s.central end as share,
        case when b.share_key is null then 1e0 else s.high end as share_high,
        case when b.overhead_key is null then 1e0 else o.low end as overhead_low,
        case when b.overhead_key is null then 1e0 else o.central end as overhead,
        case when b.overhead_key is null then 1e0 else o.high end as overhead_high,
        case when b.replication_key is null then 1e0 else r.low end as copies_low,
        case when b.replication_key is null then 1e0 else r.central end as copies,
        case when b.replication_key is null then 1e0 else r.high end as copies_high,
        k.factor_id as coefficient_ref, s.factor_id as share_ref, o.factor_id as overhead_ref, r.factor_id as copies_ref
    from combination as b
    left join core.coefficient_in_force as k on k.key = b.coefficient_key
    left join core.coefficient_in_force as s on s.key = b.share_key
    left join core.coefficient_in_force as o on o.key = b.overhead_key
    left join core.coefficient_in_force as r on r.key = b.replication_key
)

select
    n.*,
    case n.coefficient_unit when 'Wh/TB-h' then n.coefficient / 1000e0 / 1000e0 else n.coefficient end
    * n.share * n.overhead * n.copies as it_energy_kwh,
    case when n.coefficient_low * n.share_low * n.overhead_low * n.copies_low > 0e0 then
        power(ln(n.coefficient_low / n.coefficient), 2) + power(ln(n.share_low / n.share), 2)
        + power(ln(n.overhead_low / n.overhead), 2) + power(ln(n.copies_low / n.copies), 2)
    end as it_down,
    power(ln(n.coefficient_high / n.coefficient), 2) + power(ln(n.share_high / n.share), 2)
    + power(ln(n.overhead_high / n.overhead), 2) + power(ln(n.copies_high / n.copies), 2) as it_up
from numbered as n
