-- The lists of words of which a text has one. Grain: provider x text (usage type, service or machine type), those with any.
-- Reads: aws_name, azure_name, lane_wanted, ccf_word, ccf_instance, ccf_size. `word` stands between word boundaries,
-- `suffix` at the end, `anywhere` anywhere.
with word as (
    select provider, list, matched, word from ccf_word
    union all
    select provider, 'burstable', 'word', name from ccf_instance where baseline_pct is not null
    union all
    select provider, 'board', 'word', name from ccf_instance where accelerators is not null and provider <> 'gcp'
    union all
    select 'azure', kind, 'word', case kind when 'registry' then concat(name, ' Registry Unit') else name end
    from ccf_size
    where kind <> 'cache'
),

named as (
    select 'aws' as provider, usage_type as text from ccf_aws_name
    union
    select 'aws', stated_type from ccf_aws_name
    union
    select 'aws', service from ccf_aws_name
    union
    select 'azure', usage_type from ccf_azure_name
    union
    select 'azure', service from ccf_azure_name
    union
    select provider, unnest([sku_meter, service_name, instance_type]) from lane_wanted where provider = 'gcp'
)

select n.provider, n.text, list(distinct w.list) as lists
from named as n
inner join word as w
    on w.provider = n.provider
    and contains(n.text, w.word)
    and case w.matched
        when 'suffix' then ends_with(n.text, w.word)
        when 'word' then regexp_matches(n.text, concat('\b', w.word, '\b'))
        else true
    end
group by n.provider, n.text
