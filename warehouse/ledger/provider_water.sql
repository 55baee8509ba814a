-- Water as providers report it. Grain: year x account x service x region. Empty until a source of water is read.
select
    null::date as usage_year,
    null::varchar as provider,
    null::varchar as sub_account_id,
    null::varchar as service_name,
    null::varchar as region_id,
    null::varchar as model_version,
    null::double as water_withdrawal_l
where false
