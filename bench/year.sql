-- SKUs of Azure and Google Cloud beside those of the benchmark's bill (sku.sql): machines by their names, cores and memory.
-- Grain: meter x region. Reads: factors.instance, factors.region. Parameter: machines, how many types of Azure.
with azure as (
    select i.instance_type as meter, 'azure' as provider, 'Virtual Machines' as service, null as operation, 'Hours' as unit
    from factors.instance as i
    where i.provider = 'azure'
    qualify row_number() over (order by hash(i.instance_type)) <= getvariable('machines')
),

google as (
    select concat(family, ' Instance ', part, ' running in Americas') as meter, 'gcp' as provider, 'Compute Engine' as service,
        '2E27-4F75-95CD' as operation, case part when 'Core' then 'seconds' else 'byte-seconds' end as unit
    from (select unnest(['N1 Predefined', 'N2', 'N2D AMD', 'E2', 'C2', 'C3', 'T2D AMD', 'M1']) as family)
    cross join (select unnest(['Core', 'Ram']) as part)
),

place as (
    select provider, region_id
    from factors.region
    qualify row_number() over (partition by provider order by hash(region_id)) <= 12
)

select m.provider, m.service, p.region_id, m.meter, m.operation, m.unit
from (from azure union all from google) as m
inner join place as p on p.provider = m.provider
