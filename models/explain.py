"""How a rate came to be: its formula with its numbers, so that the result can be worked out by hand.

The numbers are those that the rate was made with; the values are computed again with `models.power` and held against
the rate. Everything is per unit of consumed quantity.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

import duckdb

from models.lanes.steps import lane_steps
from models.recompute import Numbers, Result, physical_per_unit, recompute
from models.resources import sql
from models.rules_data import rules
from models.steps import Billed, Step, rate_steps
from wattledger.errors import ConfigError

_TOLERANCE = 1e-12
_SITE_REFS = (
    "region_ref",
    "pue_ref",
    "grid_ref",
    "grid_ratio_lifecycle_ref",
    "grid_ratio_direct_ref",
    "market_ref",
    "grid_alternative_ref",
    "wue_ref",
    "wcf_ref",
    "td_loss_ref",
    "water_stress_ref",
)


@dataclass(frozen=True)
class FactorSource:
    """Where a factor row comes from; ``version`` is the release of the source."""

    factor_id: str
    source: str
    version: str | None
    licence: str
    verification: str


@dataclass(frozen=True)
class Explanation:
    """Why a line of this SKU and month has its figures, or has none."""

    sku_id: int
    charge_month: date
    model: str
    factor_set: str
    rule_id: str
    rule_reason: str
    disposition: str
    gap_reason: str | None
    location_based_gap_reason: str | None
    market_based_gap_reason: str | None
    water_gap_reason: str | None
    steps: Sequence[Step]
    factors: Sequence[FactorSource]
    rate: Result | None  # as the card holds it
    recomputed: (
        Result | None
    )  # as models.power gives it from the same numbers; of a lane, whose formulas are SQL, the rate

    @property
    def is_lane(self) -> bool:
        """Whether another tool's lane made the rate, whose formula no second implementation checks."""
        return self.recomputed is not None and self.recomputed is self.rate

    @property
    def agrees(self) -> bool:
        """Whether the card and the formulas give the same numbers, to 1e-12 of each."""
        if self.rate is None or self.recomputed is None:
            return self.rate is self.recomputed
        pairs = [(getattr(self.rate, f.name), getattr(self.recomputed, f.name)) for f in fields(Result)]
        return all(
            a is b if a is None or b is None else abs(a - b) <= _TOLERANCE * max(abs(a), abs(b)) for a, b in pairs
        )


def explain_sku(connection: duckdb.DuckDBPyConnection, sku_id: int, charge_month: date) -> Explanation:
    """Explain the rate of ``sku_id`` in ``charge_month`` by the model and factor set in force.

    Raises ConfigError where the card has no such rate.
    """
    result = connection.execute(sql("explained"), {"sku_id": sku_id, "charge_month": charge_month})
    names = [column[0] for column in result.description or ()]
    rows = result.fetchall()
    if not rows:
        raise ConfigError(f"SKU {sku_id} has no rate in {charge_month:%Y-%m}. Run `wattledger estimate`.")
    row = dict(zip(names, rows[0], strict=True))
    steps: Sequence[Step] = []
    rate = recomputed = None
    refs: list[str] = []
    if row["inputs"] is not None:
        numbers: Numbers = json.loads(row["inputs"])
        site: Numbers = json.loads(row["site"])
        per_unit = physical_per_unit(row["unit_quantity"], row["unit_per"], charge_month)
        billed = Billed(
            row["consumed_unit"] or "billed unit",
            row["physical_unit"],
            row["unit_quantity"],
            row["unit_per"],
            per_unit,
            row["machines"],
        )
        recomputed = recompute(numbers, site, per_unit * row["machines"])
        rate = Result(**{f.name: row[f.name] for f in fields(Result)})
        steps = rate_steps(numbers, site, billed, recomputed)
        refs = sorted({*row["factor_refs"], *_site_refs(site)})
    elif row["lane"] is not None:
        rate = recomputed = Result(**{f.name: row[f.name] for f in fields(Result)})
        steps = lane_steps(row, json.loads(row["lane"]))
    return Explanation(
        sku_id=sku_id,
        charge_month=charge_month,
        model=row["model"],
        factor_set=row["factor_set"],
        rule_id=row["rule_id"],
        rule_reason={rule.rule_id: rule.reason for rule in rules()}.get(row["rule_id"], ""),
        disposition=row["disposition"],
        gap_reason=row["gap_reason"],
        location_based_gap_reason=row["location_based_gap_reason"],
        market_based_gap_reason=row["market_based_gap_reason"],
        water_gap_reason=row["water_gap_reason"],
        steps=steps,
        factors=_sources(connection, refs),
        rate=rate,
        recomputed=recomputed,
    )


def _site_refs(site: Numbers) -> list[str]:
    """Return the factor rows behind facility and grid, those of every member where the place is several regions."""
    return [*(site[name] for name in _SITE_REFS if site[name]), *(site["group_refs"] or ())]


def _sources(connection: duckdb.DuckDBPyConnection, factor_ids: Sequence[str]) -> list[FactorSource]:
    rows = connection.execute(
        "select distinct factor_id, source, source_release, licence, verification "  # noqa: S608
        f"from ({sql('factor_rows')}) where list_contains(?::varchar[], factor_id) order by all",
        [list(factor_ids)],
    ).fetchall()
    return [FactorSource(*row) for row in rows]
