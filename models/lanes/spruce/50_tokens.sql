-- Output tokens of the models that SPRUCE maps, as EcoLogits rates them; input tokens are free there.
-- Grain: one row per SKU of spruce_line that is such tokens. Reads: spruce_line, spruce_model.
with named as (
    select
        l.sku_id,
        lower(regexp_extract(l.meter, '^[^-]*-(.+)-(?i:output-tokens(-batch)?)$', 1)) as label,
        case
            when not contains(lower(l.consumed_unit), 'token') then 1e0
            when starts_with(lower(l.consumed_unit), '1m') then 1e6
            when starts_with(lower(l.consumed_unit), '1k') then 1e3
            else 1e0
        end / 1e3 as kilotokens
    from spruce_line as l
    where l.service_code = 'AmazonBedrock'
)

select
    n.sku_id,
    n.kilotokens,
    m.energy_kwh_per_kilotoken,
    n.kilotokens * m.energy_kwh_per_kilotoken as kwh,
    n.kilotokens * m.embodied_g_co2e_per_kilotoken / 1000e0 as embodied_kg
from named as n
inner join spruce_model as m on m.label = n.label
