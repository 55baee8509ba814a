-- Each list of words as one pattern. Grain: provider x list. Reads: ccf_word, ccf_instance, ccf_size.
-- `word` is found between word boundaries, `suffix` at the end, `anywhere` anywhere. Its dots stand for any character.
with listed as (
    select provider, list, matched, word from ccf_word
    union all
    select provider, 'burstable', 'word', name from ccf_instance where baseline_pct is not null
    union all
    select provider, 'board', 'word', name from ccf_instance where accelerators is not null and provider <> 'gcp'
    union all
    select 'azure', kind, 'word', case kind when 'registry' then concat(name, ' Registry Unit') else name end
    from ccf_size
    where kind <> 'cache'
)

select
    provider,
    list,
    case matched
        when 'word' then concat('\b(?:', string_agg(word, '|' order by word), ')\b')
        when 'suffix' then concat('(?:', string_agg(word, '|' order by word), ')$')
        else concat('(?:', string_agg(word, '|' order by word), ')')
    end as pattern
from listed
group by provider, list, matched
