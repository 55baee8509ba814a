"""A small project for the tests of the command line: its configuration, its bill, and the program run on it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]

HEADER = (
    "identity/LineItemId,bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/UsageAccountId,"
    "lineItem/LineItemType,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,lineItem/UsageAmount,"
    "pricing/unit,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UnblendedCost,lineItem/CurrencyCode,"
    "product/region,lineItem/ResourceId,resourceTags/user:team\n"
)
CONFIG = """\
[[source]]
name = "bill"
kind = "aws-cur"
location = "bill"
"""


def asked(run: Run, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query as `wattledger sql` prints them."""
    result = run("sql", query, "--json")
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def bill_line(number: int, hours: float = 1, cost: str = "0.10", team: str = "search", month: str = "2025-03") -> str:
    """One line of a legacy CUR: hours of an m5.large in Frankfurt."""
    return (
        f"line-{month}-{number},111122223333,{month}-01T00:00:00Z,444455556666,Usage,AmazonEC2,EUC1-BoxUsage:m5.large,"
        f"RunInstances,{hours},Hrs,{month}-02T0{number % 10}:00:00Z,{month}-02T0{number % 10}:59:59Z,{cost},USD,"
        f"eu-central-1,i-0a1b2c3d,{team}\n"
    )


def write_bill(folder: Path, lines: list[str], name: str = "2025-03.csv") -> Path:
    """Write a bill file into ``folder``/bill."""
    path = folder / "bill" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER + "".join(lines))
    return path


def run_process(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m wattledger` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "wattledger", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
