"""What each distinct SKU key physically is, by ordered rules that are data (`models/factors/rules.csv`).

A rule is a row. Its pattern columns hold RE2 expressions that must match a whole value, where a missing value is
the empty text; `*` means any value and nothing else does, so a blank pattern is refused. The first rule that
matches wins. `service` looks at the service code, or the name where no code is delivered; `meter` at the usage
type without its region prefix. The other columns say what the line then is.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import duckdb

PATTERN_COLUMNS = (
    "provider",
    "service",
    "meter",
    "operation",
    "unit",
    "line_type",
    "charge_category",
    "is_split",
    "capacity_status",
)
DISPOSITIONS = ("estimated", "out_of_scope", "unmodelled")
OUT_OF_SCOPE = (
    "tax",
    "fee",
    "credit",
    "refund",
    "discount",
    "licence",
    "support",
    "marketplace",
    "negation row",
    "split row",
)
METHODS = ("instance_curve", "dedicated_host", "cpu_surplus", "coefficient")
ANY = "*"

# USW2-, EU-, CPT-, ca-central-1-, and a local or Wavelength zone after its region (USW2-LAX1-, USE1-WL1-).
_REGION_PREFIX = r"^(?:(?:[A-Z]{2,4}\d{1,2}|EU|CPT|[a-z]{2}(?:-[a-z]+)+-\d)-)+"
# The value that each pattern column looks at; a missing one is the empty text.
_VALUES = {
    "provider": "coalesce(s.provider, '')",
    "service": "coalesce(s.service_code, s.service_name, '')",
    "meter": f"regexp_replace(coalesce(s.sku_meter, ''), '{_REGION_PREFIX}', '')",
    "operation": "coalesce(s.operation, '')",
    "unit": "coalesce(s.consumed_unit, '')",
    "line_type": "coalesce(s.line_type, '')",
    "charge_category": "coalesce(s.charge_category, '')",
    "is_split": "case when s.is_split then 'true' else '' end",
    "capacity_status": "coalesce(s.capacity_status, '')",
}
# Words in a reason that are filled from the line.
_PLACEHOLDERS = ("service", "line_type", "provider")


@dataclass(frozen=True)
class Rule:
    """One row of the rules: patterns, then what a matching line is. Empty means that it does not apply."""

    rule_id: str
    priority: int
    patterns: tuple[tuple[str, str], ...]
    disposition: str
    gap_reason: str
    usage_state: str
    resource_kind: str
    method: str
    hardware: str  # candidates in order: instance_type, meter (its first group), =literal
    machines: float | None
    energy_part: str
    coefficient: str
    share: str
    overhead: str
    replication: str
    physical_unit: str
    conversion: str
    reason: str
    example: str

    @property
    def meter(self) -> str:
        """The pattern of the meter; its first group can name the hardware."""
        return dict(self.patterns)["meter"]


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules of this version in order of priority. Raises ValueError where a row breaks the contract."""
    text = (resources.files("models") / "factors" / "rules.csv").read_text(encoding="utf-8")
    return check_rules(csv.DictReader(text.splitlines()))


def check_rules(rows: Iterable[dict[str, str]]) -> tuple[Rule, ...]:
    """Return the rows as rules, ordered. Raises ValueError naming the rule and what is wrong with it."""
    found = [_rule(row) for row in rows]
    for what, values in (("rule_id", [r.rule_id for r in found]), ("priority", [str(r.priority) for r in found])):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"rules.csv: {what} {', '.join(twice)} stands twice; the first match must be unambiguous")
    return tuple(sorted(found, key=lambda rule: rule.priority))


def _rule(row: dict[str, str]) -> Rule:
    name = row["rule_id"] or "a rule without rule_id"
    blank = [column for column in PATTERN_COLUMNS if not (row[column] or "").strip()]
    if blank:
        raise ValueError(f"rules.csv, {name}: blank pattern in {', '.join(blank)}; write * for any value, () for none")
    if row["disposition"] not in DISPOSITIONS:
        raise ValueError(f"rules.csv, {name}: disposition {row['disposition']!r} is none of {', '.join(DISPOSITIONS)}")
    if row["disposition"] == "out_of_scope" and row["gap_reason"] not in OUT_OF_SCOPE:
        raise ValueError(f"rules.csv, {name}: {row['gap_reason']!r} is not in the closed list of what is out of scope")
    if row["disposition"] == "estimated" and row["method"] not in METHODS:
        raise ValueError(f"rules.csv, {name}: method {row['method']!r} is none of {', '.join(METHODS)}")
    if (row["disposition"] == "estimated") == bool(row["gap_reason"]):
        raise ValueError(f"rules.csv, {name}: a gap has a reason and an estimate has none")
    if "meter" in row["hardware"].split(",") and not re.compile(row["meter"]).groups:
        raise ValueError(f"rules.csv, {name}: hardware comes from the meter, whose pattern has no group")
    if not row["reason"] or not row["example"]:
        raise ValueError(f"rules.csv, {name}: reason and example are missing")
    patterns = tuple((column, row[column]) for column in PATTERN_COLUMNS)
    rest = {
        column: row[column]
        for column in Rule.__dataclass_fields__
        if column not in ("patterns", "priority", "machines")
    }
    machines = float(row["machines"]) if row["machines"] else None
    return Rule(priority=int(row["priority"]), patterns=patterns, machines=machines, **rest)


def classify(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every SKU of core.sku that has none its class, inside the caller's transaction."""
    pending = "select 1 from core.sku where sku_id not in (select sku_id from core.sku_class) limit 1"
    if connection.execute(pending).fetchall():
        _insert(connection, rules())


def reclassify(connection: duckdb.DuckDBPyConnection) -> None:
    """Classify every SKU again, inside the caller's transaction."""
    connection.execute("delete from core.sku_class")
    _insert(connection, rules())


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
    return "case m.position " + " ".join(cases) + " end"


def _candidate(rule: Rule, word: str) -> str:
    if word == "instance_type":
        return "nullif(k_instance_type, '')"
    if word == "meter":
        return f"nullif(regexp_extract(k_meter, {_quote(rule.meter)}, 1), '')"
    if word.startswith("="):
        return _quote(word[1:])
    raise ValueError(f"rules.csv, {rule.rule_id}: hardware {word!r} is none of instance_type, meter, =literal")


def _insert(connection: duckdb.DuckDBPyConnection, ordered: Sequence[Rule]) -> None:
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
        "energy_part": [rule.energy_part or None for rule in ordered],
        "coefficient": [rule.coefficient or None for rule in ordered],
        "share": [rule.share or None for rule in ordered],
        "overhead": [rule.overhead or None for rule in ordered],
        "replication": [rule.replication or None for rule in ordered],
        "physical_unit": [rule.physical_unit or None for rule in ordered],
        "conversion": [rule.conversion or None for rule in ordered],
    }
    texts = ", ".join(f"unnest(${name}::varchar[]) as {name}" for name in columns)
    keys = ", ".join(f"k_{name}" for name in ("instance_type", *_VALUES))
    connection.execute(
        f"""
        insert into core.sku_class
        with rule as (
            select unnest($position::integer[]) as position, unnest($machines::double[]) as machines, {texts}
        ),
        keyed as ({keyed_sql("core.sku")} where s.sku_id not in (select sku_id from core.sku_class)),
        looked_at as (select distinct * exclude (sku_id) from keyed), -- regions share their keys: each is matched once
        ruled as (select *, {matching_rule_sql(ordered)} as position from looked_at),
        matched as (select * from keyed inner join ruled using ({keys})),
        held as (
            select m.*, regexp_replace(lower({_hardware_sql(ordered)}), '^db\\.', '') as hardware from matched as m
        )
        select
            h.sku_id, r.rule_id, r.disposition, {reason}, r.usage_state, r.resource_kind, r.method, h.hardware,
            r.machines, r.energy_part, r.coefficient, r.share, r.overhead, r.replication, r.physical_unit, r.conversion,
            case
                when r.method = 'coefficient'
                    then concat_ws('/', r.method, r.coefficient, r.share, r.overhead, r.replication)
                when r.method is not null
                    then concat(r.method, '/', h.k_provider, ':', h.hardware, '/', r.usage_state)
            end
        from held as h
        inner join rule as r on r.position = h.position
        order by h.sku_id
        """,  # noqa: S608
        {**columns, "position": list(range(len(ordered))), "machines": [rule.machines for rule in ordered]},
    )


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
