-- Transfer and serverless by one coefficient for each billed unit. Grain: one row per SKU of spruce_line that a rule of flat.csv fits.
-- Reads: spruce_line, spruce_flat, spruce_coefficient.
with fitting as (
    select
        l.sku_id,
        f.rule,
        f.coefficient,
        row_number() over (partition by l.sku_id order by f.place) as nth
    from spruce_line as l
    inner join spruce_flat as f
        on f.provider = l.provider
        and coalesce(l.service_code, '') like f.service_like
        and l.operation like f.operation_like
        and l.meter like f.meter_like
        and l.family like f.family_like
)

select
    f.sku_id,
    f.rule,
    c.value as kwh
from fitting as f
inner join spruce_coefficient as c on c.key = f.coefficient
where f.nth = 1
