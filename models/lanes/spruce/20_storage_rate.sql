-- Storage by the volume that is billed, times the copies that the service keeps. Grain: one row per SKU of spruce_line that is storage.
-- Reads: spruce_line, spruce_storage, spruce_copies, spruce_disk, spruce_unit, spruce_coefficient.
with named as ( -- the first entry of the list that fits an AWS line
    select
        l.sku_id,
        s.medium,
        row_number() over (partition by l.sku_id order by s.place) as nth
    from spruce_line as l
    inner join spruce_storage as s
        on (s.part = 'meter' and ends_with(l.meter, s.suffix))
        or (s.part = 'service' and ends_with(l.service_code, s.suffix) and not contains(l.meter, 'Backup'))
    where l.provider = 'aws' and l.operation <> ''
),

copied as (
    select
        l.sku_id,
        c.copies,
        row_number() over (partition by l.sku_id order by c.place) as nth
    from spruce_line as l
    inner join spruce_copies as c
        on c.provider = l.provider and c.service_code = l.service_code and l.meter like c.meter_like
),

held as (
    select l.sku_id, 'storage' as kind, n.medium, u.gb_hours
    from spruce_line as l
    inner join named as n on n.sku_id = l.sku_id and n.nth = 1
    inner join spruce_unit as u on u.provider = l.provider and u.consumed_unit = l.consumed_unit
    union all
    select l.sku_id, 'storage' as kind, 'ssd' as medium, u.gb_hours
    from spruce_line as l
    inner join spruce_unit as u on u.provider = l.provider and u.consumed_unit = l.consumed_unit
    where l.provider = 'azure' and l.service_code = 'Storage' and contains(l.meter, 'Data Stored')
    union all
    select l.sku_id, 'disk' as kind, d.medium, d.size_gb * h.value as gb_hours
    from spruce_line as l
    inner join spruce_disk as d on d.tier = regexp_extract(l.meter, '\b([PES]\d{1,2})\b', 1)
    inner join spruce_coefficient as h on h.key = 'disk.hours_per_month'
    where
        l.provider = 'azure' and l.service_code = 'Storage' and l.consumed_unit = 'Units/Month'
        and contains(l.family, 'Managed Disks')
        and not contains(l.meter, 'Operations') and not contains(l.meter, 'Data Stored')
)

select
    h.sku_id,
    concat(h.kind, '.', h.medium) as rule,
    case when h.kind = 'disk' then d.value else coalesce(c.copies, 1) end::double as copies,
    h.gb_hours,
    k.value as wh_per_tb_hour,
    h.gb_hours * k.value / t.value / 1000e0
    * case when h.kind = 'disk' then d.value else coalesce(c.copies, 1) end as storage_kwh
from held as h
inner join spruce_coefficient as k on k.key = concat('storage.', h.medium)
inner join spruce_coefficient as t on t.key = 'storage.gb_per_tb'
inner join spruce_coefficient as d on d.key = 'disk.copies'
left join copied as c on c.sku_id = h.sku_id and c.nth = 1
