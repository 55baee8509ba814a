"""What each distinct SKU key physically is: the first rule that matches it, and what its billed unit measures.

`service` looks at the service code, or the name where no code is delivered; of Azure the code is the meter category. It
looks at the name first for Google, which is the service description, and for a model of Bedrock that the marketplace
sells, whose code is random. `meter` of AWS is without its region prefix.
"""

from collections.abc import Sequence

import duckdb

from models.rules_data import ANY, BY_SIZE, SWITCHES, Rule, rules, sizes, units

# USW2-, EU-, CPT-, ca-central-1-, and a local or Wavelength zone after its region (USW2-LAX1-, USE1-WL1-).
_REGION_PREFIX = r"^(?:(?:[A-Z]{2,4}\d{1,2}|EU|CPT|[a-z]{2}(?:-[a-z]+)+-\d)-)+"
# The value that each pattern column looks at; a missing one is the empty text.
_VALUES = {
    "provider": "coalesce(s.provider, '')",
    "service": "case when s.provider = 'gcp' or coalesce(s.service_name, '') like '% (Amazon Bedrock Edition)' "
    "then coalesce(s.service_name, s.service_code, '') "
    "else coalesce(s.service_code, s.service_name, '') end",
    "meter": f"case when s.provider = 'aws' then regexp_replace(coalesce(s.sku_meter, ''), '{_REGION_PREFIX}', '') "
    "else coalesce(s.sku_meter, '') end",
    "operation": "coalesce(s.operation, '')",
    "unit": "coalesce(s.consumed_unit, '')",
    "line_type": "coalesce(s.line_type, '')",
    "charge_category": "coalesce(s.charge_category, '')",
    "is_split": "case when s.is_split then 'true' else '' end",
    "capacity_status": "coalesce(s.capacity_status, '')",
}
# A machine's name as the factor set spells it, in lower case: services of AWS put their own prefix or suffix around the
# type (db.m5.large, ml.p4d.24xlarge, m5.large.search), meters of Azure write blanks (D2s v5 for Standard_D2s_v5).
_PLAIN_HARDWARE = r"""case k_provider
    when 'aws' then regexp_replace(
        lower({0}), '^(?:db|cache|ml|kafka|mq|dax|dms)\.|\.(?:search|elasticsearch)$', '', 'g'
    )
    when 'azure' then regexp_replace(replace(lower({0}), ' ', '_'), '^standard_', '')
    else lower({0})
end"""
# Words in a reason that are filled from the line.
_PLACEHOLDERS = ("service", "line_type", "provider")


def classify(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every SKU of core.sku that has none its class, inside the caller's transaction."""
    _insert(connection, rules_in_force(connection))


def reclassify(connection: duckdb.DuckDBPyConnection) -> None:
    """Classify every SKU again, inside the caller's transaction."""
    connection.execute("delete from core.sku_class")
    _insert(connection, rules_in_force(connection))


def rules_in_force(connection: duckdb.DuckDBPyConnection) -> list[Rule]:
    """Return the rules of the providers that wait for a class, without those whose switch is off."""
    rows = connection.execute(
        "select key from core.setting where value = 'true' and list_contains(?::varchar[], key)", [list(SWITCHES)]
    ).fetchall()
    on = {"", *(row[0] for row in rows)}
    waiting = connection.execute(
        "select distinct coalesce(provider, '') from core.sku where sku_id not in (select sku_id from core.sku_class)"
    ).fetchall()
    providers = [row[0] for row in waiting]
    return [rule for rule in rules() if rule.switch in on and any(rule.may_be_of(name) for name in providers)]


def matching_rule_sql(ordered: Sequence[Rule]) -> str:
    """Return the expression whose value is the position of the first rule that matches a row of ``keyed``."""
    cases = "\n".join(f"when {_condition(rule)} then {position}" for position, rule in enumerate(ordered))
    return f"case\n{cases}\nend"


def keyed_sql(source: str) -> str:
    """Return the select that reduces SKU rows of ``source`` to the values that patterns look at."""
    columns = ", ".join(f"{value} as k_{column}" for column, value in _VALUES.items())
    return f"select s.sku_id, coalesce(s.instance_type, '') as k_instance_type, {columns} from {source} as s"  # noqa: S608


def _condition(rule: Rule) -> str:
    tests = [f"regexp_full_match(k_{column}, {_quote(pattern)})" for column, pattern in rule.patterns if pattern != ANY]
    return " and ".join(tests) or "true"


def _hardware_sql(ordered: Sequence[Rule]) -> str:
    cases = []
    for position, rule in enumerate(ordered):
        if rule.hardware:
            candidates = ", ".join(_candidate(rule, word) for word in rule.hardware.split(","))
            cases.append(f"when {position} then coalesce({candidates})")
    return "case m.position " + " ".join(cases) + " end" if cases else "null::varchar"


def _candidate(rule: Rule, word: str) -> str:
    if word == "instance_type":
        return "nullif(k_instance_type, '')"
    if word in ("service", "meter", "operation"):
        return f"nullif(regexp_extract(k_{word}, {_quote(rule.pattern(word))}, 1), '')"
    if word.startswith("="):
        return _quote(word[1:])
    raise ValueError(
        f"rules, {rule.rule_id}: hardware {word!r} is none of instance_type, service, meter, operation, =literal"
    )


def _insert(connection: duckdb.DuckDBPyConnection, ordered: Sequence[Rule]) -> None:
    if not ordered:  # nothing waits
        return
    reason = "r.gap_reason"
    for word in _PLACEHOLDERS:
        reason = f"replace({reason}, '{{{word}}}', h.k_{word})"
    columns = {
        "rule_id": [rule.rule_id for rule in ordered],
        "disposition": [rule.disposition for rule in ordered],
        "gap_reason": [rule.gap_reason or None for rule in ordered],
        "usage_state": [rule.usage_state or None for rule in ordered],
        "resource_kind": [rule.resource_kind or None for rule in ordered],
        "method": [rule.method or None for rule in ordered],
        "machines_stated": [rule.machines or None for rule in ordered],
        "energy_part": [rule.energy_part or None for rule in ordered],
        "coefficient": [rule.coefficient or None for rule in ordered],
        "share": [rule.share or None for rule in ordered],
        "overhead": [rule.overhead or None for rule in ordered],
        "replication": [rule.replication or None for rule in ordered],
        "physical_unit": [rule.physical_unit or None for rule in ordered],
    }
    texts = ", ".join(f"unnest(${name}::varchar[]) as {name}" for name in columns)
    keys = ", ".join(f"k_{name}" for name in ("instance_type", *_VALUES))
    connection.execute(
        f"""
        insert into core.sku_class by name
        with rule as (
            select unnest($position::integer[]) as position, {texts}
        ),
        rule_unit as (
            select
                unnest($unit_provider::varchar[]) as provider, unnest($consumed_unit::varchar[]) as consumed_unit,
                unnest($unit_physical::varchar[]) as physical_unit, unnest($unit_quantity::double[]) as quantity,
                unnest($unit_per::varchar[]) as per
        ),
        rule_size as (
            select
                unnest($size_provider::varchar[]) as provider, unnest($size::varchar[]) as size,
                unnest($size_amount::double[]) as amount
        ),
        keyed as ({keyed_sql("core.sku")} where s.sku_id not in (select sku_id from core.sku_class)),
        looked_at as (select distinct * exclude (sku_id) from keyed), -- regions share their keys: each is matched once
        ruled as (select *, {matching_rule_sql(ordered)} as position from looked_at),
        named as (select m.*, {_hardware_sql(ordered)} as hardware_stated from ruled as m),
        measured as ( -- a unit or a size of the provider itself goes before one of any provider
            select
                h.*,
                r.* exclude (position, gap_reason),
                {reason} as gap_reason,
                {_PLAIN_HARDWARE.format("h.hardware_stated")} as hardware,
                coalesce(o.quantity, a.quantity) as unit_quantity,
                case when o.quantity is not null then o.per else a.per end as unit_per,
                case when r.machines_stated = '{BY_SIZE}' then z.amount else r.machines_stated::double end as machines
            from named as h
            inner join rule as r on r.position = h.position
            left join rule_unit as o
                on o.provider = h.k_provider and o.consumed_unit = lower(h.k_unit) and o.physical_unit = r.physical_unit
            left join rule_unit as a
                on a.provider = '{ANY}' and a.consumed_unit = lower(h.k_unit) and a.physical_unit = r.physical_unit
            left join rule_size as z
                on z.provider = h.k_provider and z.size = {_PLAIN_HARDWARE.format("h.hardware_stated")}
        ),
        judged as (
            select
                *,
                case
                    when disposition <> 'estimated' then gap_reason
                    when unit_quantity is null and k_unit = '' then concat('no unit: not known to be ', physical_unit)
                    when unit_quantity is null then concat('unit ', k_unit, ' is no measure of ', physical_unit)
                    when machines is null then concat('unknown size ', coalesce(hardware, '(none named)'))
                end as gap,
                -- meters write one model as gpt-4o-mini and as gpt 4o mini
                replace(coefficient, '{{hardware}}', regexp_replace(coalesce(hardware, ''), '[ _]+', '-', 'g'))
                    as coefficient_key
            from measured
        )
        select
            k.sku_id,
            rule_id,
            case when disposition = 'estimated' and gap is not null then 'unmodelled' else disposition end
                as disposition,
            gap as gap_reason,
            usage_state, resource_kind, method, hardware, machines, energy_part, coefficient_key,
            share as share_key, overhead as overhead_key, replication as replication_key,
            physical_unit, unit_quantity, unit_per,
            case
                when method = 'coefficient' then concat_ws('/', method, coefficient_key, share, overhead, replication)
                when method is not null then concat(
                    method, '/', k_provider, ':', hardware, '/', usage_state,
                    '/cpu ' || l.cpu_load_pct || ' %', '/accelerator ' || l.accelerator_load_pct || ' %'
                )
            end as basis
        from keyed as k
        inner join core.sku as l on l.sku_id = k.sku_id
        inner join judged using ({keys})
        order by k.sku_id
        """,  # noqa: S608
        {**columns, "position": list(range(len(ordered))), **_measures()},
    )


def _measures() -> dict[str, list[str] | list[float]]:
    return {
        "unit_provider": [unit.provider for unit in units()],
        "consumed_unit": [unit.consumed_unit for unit in units()],
        "unit_physical": [unit.physical_unit for unit in units()],
        "unit_quantity": [unit.quantity for unit in units()],
        "unit_per": [unit.per for unit in units()],
        "size_provider": [size.provider for size in sizes()],
        "size": [size.size for size in sizes()],
        "size_amount": [size.amount for size in sizes()],
    }


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
