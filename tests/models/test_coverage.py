"""How much of a realistic bill carries an estimate: by cost, over three constructed mixes (tests/data/mixes)."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rated import add_sku, warehouse

from models.classify import classify

ROOT = Path(__file__).parents[2]
MIXES = ROOT / "tests" / "data" / "mixes"
REGIONS = {"aws": "us-east-1", "azure": "westeurope", "gcp": "europe-west1"}
PHYSICAL = ("instance", "storage", "container", "database", "serverless")


def _classified(provider: str, internet: bool = False) -> Iterator[tuple[str, float, str, str | None]]:
    """Yield kind, weight, disposition and reason of every charge of a mix."""
    with (MIXES / f"{provider}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with warehouse() as connection:
        switch = "insert or replace into core.setting values ('internet_transfer', ?)"
        connection.execute(switch, [str(internet).lower()])
        weights = {}
        for row in rows:
            kind, weight = row.pop("kind"), float(row.pop("percent"))
            key = {name: value or None for name, value in row.items()}
            key |= {"provider": provider, "region_id": REGIONS[provider], "charge_category": "Usage"}
            if provider != "aws":
                key["line_type"] = "Usage" if provider == "azure" else "regular"
            weights[add_sku(connection, **key)] = (kind, weight)
        classify(connection)
        found = connection.execute("select sku_id, disposition, gap_reason from core.sku_class").fetchall()
    for sku_id, disposition, reason in found:
        yield *weights[sku_id], disposition, reason


@pytest.mark.parametrize("provider", REGIONS)
def test_machines_stores_and_containers_are_estimated_almost_whole(provider: str) -> None:
    rows = [row for row in _classified(provider) if row[0] in PHYSICAL]
    gaps = [(kind, weight, reason) for kind, weight, disposition, reason in rows if disposition != "estimated"]
    assert sum(gap[1] for gap in gaps) <= 0.03 * sum(row[1] for row in rows), gaps


@pytest.mark.parametrize(("internet", "share"), [(False, 0.795), (True, 0.82)])
def test_four_fifths_of_all_usage_is_estimated(internet: bool, share: float) -> None:
    """The rest is requests, network appliances, logs and the like, for which nothing is published."""
    rows = [row for provider in REGIONS for row in _classified(provider, internet) if row[2] != "out_of_scope"]
    estimated = sum(weight for _, weight, disposition, _ in rows if disposition == "estimated")
    assert estimated >= share * sum(row[1] for row in rows)


@pytest.mark.parametrize("provider", REGIONS)
def test_whatever_has_no_estimate_says_why(provider: str) -> None:
    for kind, _, disposition, reason in _classified(provider):
        assert (disposition == "estimated") == (reason is None), kind
        assert reason is None or not reason.startswith("no model for"), (kind, reason)


def test_the_page_of_rules_is_that_of_the_rules() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "write_coverage.py")]
    page = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    assert (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8") == page, "run: make pages"
