"""The rules as data: `models/rules/*.csv`, read in the order of file names and rows, and checked.

A rule is a row. Its pattern columns hold RE2 expressions that must match a whole value, where a missing value is
the empty text; `*` means any value and nothing else does, so a blank pattern is refused. `{usage}` stands for the
pattern of that name in `names.csv`. The other columns say what a matching line then is. `units.csv` turns a billed
unit into a physical one, `sizes.csv` says how much a named size holds.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources

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
MACHINE_METHODS = (
    "instance_curve",
    "dedicated_host",
    "cpu_surplus",
    "instance_vcpu",
    "instance_memory",
    "instance_accelerator",
)
METHODS = (*MACHINE_METHODS, "coefficient")
# Settings of [estimate] that bring further rules in force.
SWITCHES = ("internet_transfer",)
ANY = "*"
BY_SIZE = "size"  # in `machines`: the amount of the size that `hardware` names

_TABLES = ("names", "units", "sizes")
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True)
class Rule:
    """One row of the rules: patterns, then what a matching line is. Empty means that it does not apply."""

    rule_id: str
    patterns: tuple[tuple[str, str], ...]
    switch: str
    disposition: str
    gap_reason: str
    usage_state: str
    resource_kind: str
    method: str
    hardware: str  # candidates in order: instance_type; service, meter or operation (its first group); =literal
    machines: str  # a number, or `size`
    energy_part: str
    coefficient: str
    share: str
    overhead: str
    replication: str
    physical_unit: str
    reason: str
    example: str

    def may_be_of(self, provider: str) -> bool:
        """Whether the rule can match a line of a provider."""
        pattern = self.pattern("provider")
        return pattern == ANY or re.fullmatch(pattern, provider) is not None

    def pattern(self, column: str) -> str:
        """The pattern of a column; its first group can name the hardware."""
        return dict(self.patterns)[column]


@dataclass(frozen=True)
class UnitOfMeasure:
    """What one billed unit of a provider (or of any, `*`) is in a physical one; times the month's hours per month."""

    provider: str
    consumed_unit: str
    physical_unit: str
    quantity: float
    per: str


@dataclass(frozen=True)
class Size:
    """How much a named size of a provider holds, in a physical unit."""

    provider: str
    size: str
    amount: float


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules of this version in their order. Raises ValueError where a row breaks the contract."""
    named = {row["name"]: row["pattern"] for row in table("names")}
    return check_rules([row for name in rule_files() for row in table(name)], named)


def rule_files() -> list[str]:
    """Return the names of the files that hold rules, in their order."""
    found = (entry.name.removesuffix(".csv") for entry in (resources.files("models") / "rules").iterdir())
    return sorted(name for name in found if name not in _TABLES and not name.startswith("_"))


@cache
def units() -> tuple[UnitOfMeasure, ...]:
    """Return what each billed unit is in physical ones. Quantities are written as decimals or as fractions."""
    found = tuple(
        UnitOfMeasure(
            row["provider"], row["consumed_unit"], row["physical_unit"], float(Fraction(row["quantity"])), row["per"]
        )
        for row in table("units")
    )
    _refuse_repeated("units.csv", [f"{u.provider}/{u.consumed_unit}/{u.physical_unit}" for u in found])
    wrong = [u for u in found if u.per not in ("", "month") or u.consumed_unit != u.consumed_unit.lower()]
    if wrong:
        raise ValueError(f"units.csv, {wrong[0]}: per is empty or month, and the billed unit is in lower case")
    return found


@cache
def sizes() -> tuple[Size, ...]:
    """Return how much each named size holds."""
    found = tuple(Size(row["provider"], row["size"].lower(), float(row["amount"])) for row in table("sizes"))
    _refuse_repeated("sizes.csv", [f"{s.provider}/{s.size}" for s in found])
    return found


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a file of models/rules."""
    text = (resources.files("models") / "rules" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def check_rules(rows: Iterable[Mapping[str, str]], named: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rows as rules. Raises ValueError naming the rule and what is wrong with it."""
    found = tuple(_rule(row, named) for row in rows)
    _refuse_repeated("rules", [rule.rule_id for rule in found])
    return found


def _refuse_repeated(what: str, keys: Sequence[str]) -> None:
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"{what}: {', '.join(twice)} stands twice; the first match must be unambiguous")


def _rule(row: Mapping[str, str], named: Mapping[str, str]) -> Rule:
    name = row["rule_id"] or "a rule without rule_id"
    blank = [column for column in PATTERN_COLUMNS if not (row[column] or "").strip()]
    if blank:
        raise ValueError(f"rules, {name}: blank pattern in {', '.join(blank)}; write * for any value, () for none")
    if row["disposition"] not in DISPOSITIONS:
        raise ValueError(f"rules, {name}: disposition {row['disposition']!r} is none of {', '.join(DISPOSITIONS)}")
    if row["disposition"] == "out_of_scope" and row["gap_reason"] not in OUT_OF_SCOPE:
        raise ValueError(f"rules, {name}: {row['gap_reason']!r} is not in the closed list of what is out of scope")
    if row["switch"] and row["switch"] not in SWITCHES:
        raise ValueError(f"rules, {name}: switch {row['switch']!r} is none of {', '.join(SWITCHES)}")
    if (row["disposition"] == "estimated") == bool(row["gap_reason"]):
        raise ValueError(f"rules, {name}: a gap has a reason and an estimate has none")
    if row["disposition"] == "estimated":
        _check_estimate(row, name)
    if not row["reason"] or not row["example"]:
        raise ValueError(f"rules, {name}: reason and example are missing")
    patterns = tuple((column, _expanded(row[column], named, name)) for column in PATTERN_COLUMNS)
    for column, pattern in patterns:
        if column in row["hardware"].split(",") and not re.compile(pattern).groups:
            raise ValueError(f"rules, {name}: hardware comes from the {column}, whose pattern has no group")
    rest = {column: row[column] for column in Rule.__dataclass_fields__ if column != "patterns"}
    return Rule(patterns=patterns, **rest)


def _check_estimate(row: Mapping[str, str], name: str) -> None:
    if row["method"] not in METHODS:
        raise ValueError(f"rules, {name}: method {row['method']!r} is none of {', '.join(METHODS)}")
    if row["physical_unit"] not in {unit.physical_unit for unit in units()}:
        raise ValueError(f"rules, {name}: no billed unit measures {row['physical_unit']!r}; add it to units.csv")
    needs_hardware = (
        row["method"] in MACHINE_METHODS or row["machines"] == BY_SIZE or "{hardware}" in row["coefficient"]
    )
    if needs_hardware and not row["hardware"]:
        raise ValueError(f"rules, {name}: {row['method']} needs hardware")
    if row["machines"] != BY_SIZE:
        float(row["machines"])


def _expanded(pattern: str, named: Mapping[str, str], rule: str) -> str:
    if pattern == ANY:
        return pattern
    unknown = [name for name in _NAME.findall(pattern) if name not in named]
    if unknown:
        raise ValueError(f"rules, {rule}: names.csv has no pattern {', '.join(unknown)}")
    return _NAME.sub(lambda found: f"(?:{named[found[1]]})", pattern)
