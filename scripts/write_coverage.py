"""Print docs/coverage.md, made from the rules: `python scripts/write_coverage.py > docs/coverage.md`."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from models.rules_data import BY_SIZE, Rule, check_rules, rule_files, table

_TITLES = {"common": "Any provider", "aws": "AWS", "azure": "Azure", "gcp": "Google Cloud", "own": "Own machines"}
_HEAD = """\
# What is estimated, and what is not

Every line of a bill meets these rules in this order; the first that matches decides. They are data
(`models/rules/*.csv`), and each has an example that a test puts through them. `report coverage` shows what became of
the lines of your bill, by cost, lines, service and reason.

Estimated is what has a published physical basis: machines, stored bytes, moved bytes, vCPU- and GB-hours, tokens.
What has none stays `unmodelled` with its reason: no coefficient is made up to cover a line. `machine` methods take an
instance's power model ([method](method.md)); a `coefficient` is the product of the named factors
(`wattledger factors show coefficient/NAME`).
"""


def main() -> None:
    """Print the page."""
    named = {row["name"]: row["pattern"] for row in table("names")}
    sections: dict[str, list[Rule]] = {}
    for name in rule_files():
        title = next((text for word, text in _TITLES.items() if word in name), "Everything else")
        sections.setdefault(title, []).extend(check_rules(table(name), named))
    print(_HEAD, end="")  # noqa: T201
    for title, rules in sections.items():
        print(f"\n## {title}\n\n{_page(rules)}", end="")  # noqa: T201


def _page(rules: Sequence[Rule]) -> str:
    estimated = [rule for rule in rules if rule.disposition in ("estimated", "proxy")]
    unmodelled = [rule for rule in rules if rule.disposition == "unmodelled"]
    outside = [rule for rule in rules if rule.disposition == "out_of_scope"]
    parts = [
        _table(("rule", "kind", "quantity", "how", "why", "example"), map(_estimate, estimated)),
        _table(("not estimated", "reason", "why", "example"), map(_gap, unmodelled)),
        _table(("out of scope", "as", "why", "example"), map(_gap, outside)),
    ]
    return "\n".join(part for part in parts if part)


def _estimate(rule: Rule) -> Sequence[str]:
    factors = [rule.coefficient, rule.share, rule.overhead, rule.replication]
    how = " x ".join(f"`{name}`" for name in factors if name) or f"machine: {rule.method}"
    if rule.machines == BY_SIZE:
        how += " x the size's amount"
    elif rule.machines not in ("1", ""):
        how += f" x {rule.machines}"
    state = f"{rule.resource_kind}, {rule.usage_state}" if rule.usage_state == "reserved_idle" else rule.resource_kind
    switched = f" (with `{rule.switch}`)" if rule.switch else ""
    return rule.rule_id + switched, state, rule.physical_unit, how, rule.reason, _example(rule)


def _gap(rule: Rule) -> Sequence[str]:
    return rule.rule_id, rule.gap_reason, rule.reason, _example(rule)


def _example(rule: Rule) -> str:
    said = dict(word.split("=", 1) for word in rule.example.split("; "))
    shown = [
        said[name] for name in ("provider", "service", "service_name", "meter", "operation", "unit") if said.get(name)
    ]
    return "; ".join(shown) or rule.example


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows]
    if not body:
        return ""
    return "| " + " | ".join(header) + " |\n|" + "---|" * len(header) + "\n" + "".join(body)


if __name__ == "__main__":
    main()
