-- Watts of a vCPU or a board, and memory inside the measured chip, of each set of processors that a machine may have.
-- Grain: provider x processors. Reads: ccf_instance, ccf_processor. A set with a processor that the table lacks has
-- nulls: the fallback. Means; watts of a set with Sandy or Ivy Bridge are medians.
with named as (
    select provider, processors from ccf_instance where processors is not null
    union
    select provider, accelerator from ccf_instance where accelerator is not null
    union
    select provider, string_agg(name, '+' order by name) from ccf_instance where kind = 'board' group by provider
),

member as (
    select provider, processors, unnest(string_split(processors, '+')) as processor from named
)

select
    m.provider,
    m.processors,
    case
        when count(p.processor) < count(*) then null
        when bool_or(p.is_outlier) then median(p.min_w)
        else sum(p.min_w::decimal(38, 15))::double / count(*)
    end as min_w,
    case
        when count(p.processor) < count(*) then null
        when bool_or(p.is_outlier) then median(p.max_w)
        else sum(p.max_w::decimal(38, 15))::double / count(*)
    end as max_w,
    case when count(p.gb_per_chip) = count(*) then sum(p.gb_per_chip::decimal(38, 15))::double / count(*) end as gb_per_chip
from member as m
left join ccf_processor as p on p.provider = m.provider and p.processor = m.processor
group by m.provider, m.processors
