-- Pods on their parent machines. Grain: parent resource x hour x pod. Empty until a source of split usage is read.
select
    null::varchar as parent_resource_id,
    null::timestamp as hour_start,
    null::varchar as pod,
    null::double as share,
    null::double as it_energy_kwh
where false
