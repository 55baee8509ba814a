-- What a meter of Azure names. Grain: SKU and charge month, those lines that are read. Reads: lane_wanted.
select
    sku_id,
    charge_month,
    coalesce(service_code, '') as service,
    case
        when contains(sku_meter, 'Spot') then regexp_replace(sku_meter, ' Spot', '')
        else split_part(coalesce(sku_meter, ''), '/', 1)
    end as usage_type,
    consumed_unit
from lane_wanted
where provider = 'azure' and coalesce(charge_category, 'Usage') = 'Usage'
