"""What a newcomer is shown: the demo's three lanes, what to try next, and a configuration to start from."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from wattledger.tables import Table

_LANES = ("summary", "emissions", "causes", "runs")
_RUN_COLUMNS = (
    "run_id", "match_level", "overlap_h", "tracker_it_energy_kwh", "model_it_energy_kwh", "ratio", "grade", "verdict",
)  # fmt: skip

_TEMPLATE = """\
# wattledger.toml: what to read, and where to keep it. Paths are relative to this file.
# `wattledger config validate` checks it; `wattledger config show` says what is in force and why.
# Credentials have no place here: they come from each provider's own chain.

[warehouse]
path = "wattledger.duckdb"
# snapshot = "wattledger.snapshot.duckdb"   # what `publish` and `nightly` write for analysts
# spool = "spool"                           # fetched files, named by their SHA-256
# memory_limit = "1500MB"
# threads = 2

[estimate]
model = "default"
# grid_boundary = "lifecycle"               # "direct": Scope 2 alone, without the upstream of the fuels
# internet_transfer = false                 # true: transfer over the internet counts, within two orders of magnitude
# spend_proxy = false                       # true: what nothing else covers is estimated by its cost, as a proxy

# One [[source]] for each bill, carbon export or folder of tracker logs. The first source in this file that delivers
# a bill owns it. Take the # away and set your own paths.

# [[source]]
# name = "payer-cur"
# kind = "aws-cur"                  # or azure-cost-export, gcp-billing, focus, aws-focus, azure-focus, gcp-focus
# location = "exports/cur"          # a folder with the export's own tree, a file, or a glob
# since = "2025-01"                 # leave out to read everything

# [[source]]
# name = "payer-carbon"
# kind = "aws-carbon-export"
# location = "exports/carbon"

# [[source]]
# name = "training-logs"
# kind = "codecarbon"
# location = "logs/codecarbon"
# timezone = "UTC"                  # the zone of stamps that carry none
"""


def write_template(path: Path) -> bool:
    """Write the commented configuration to ``path`` unless a file is there; return whether it was written."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_TEMPLATE, encoding="utf-8")
    return True


def three_lanes(tables: Sequence[Table]) -> list[Table]:
    """Return the sections that hold the three answers against each other, the runs without those counted elsewhere."""
    shown = {table.name: table for table in tables}
    lanes = [shown[name] for name in _LANES if name in shown]
    return [_counted_runs(table) if table.name == "runs" else table for table in lanes]


def _counted_runs(table: Table) -> Table:
    counted = list(table.columns).index("is_counted")
    positions = [list(table.columns).index(name) for name in _RUN_COLUMNS]
    rows = [[row[position] for position in positions] for row in table.rows if row[counted]]
    return replace(table, columns=_RUN_COLUMNS, rows=rows)


def next_steps(folder: Path, program: Path) -> list[str]:
    """Return what to try after the demo, one line each; first how a shell finds ``program``, where it does not."""
    activate = program.with_name("activate")
    is_hidden = shutil.which("wattledger") is None and activate.exists()
    entrance = [(f". {activate}", "so that this shell finds `wattledger`")] if is_hidden else []
    steps = (
        *entrance,
        (f"cd {folder}", ""),
        ("wattledger report gaps", "every part of every gap"),
        ("wattledger report coverage", "what became of every line of the bill"),
        ("wattledger explain --service AmazonEC2 --month 2025-06", "the arithmetic behind a figure"),
        ('wattledger sql "from ledger.lines limit 3"', "the warehouse itself, read-only"),
        ("wattledger init", "in a folder of your own: a configuration to fill in"),
    )
    return ["", "Next:", *(f"  {command:<56}  {why}".rstrip() for command, why in steps)]
