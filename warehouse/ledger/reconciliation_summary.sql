-- The three answers side by side, with what each covers. Grain: month x provider.
select
    null::date as usage_month,
    null::varchar as provider
where false
