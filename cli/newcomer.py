"""What a newcomer is shown: the demo's three lanes, what to try next, and a configuration to start from."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from cli.brief import brief
from wattledger.tables import Table

_SHOWN = ("summary", "emissions", "uncertainty", "causes", "runs", "owners", "sci")

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

[report]
# carbon_price_per_t = 100.0                # an internal price of carbon: `wattledger report carbon_price`
# carbon_price_currency = "EUR"

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
    """Return the three answers beside each other, how sure they are, whose, and per unit: all at a glance."""
    shown = {table.name: table for table in brief(tables)}
    return [shown[name] for name in _SHOWN if name in shown]


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
        ("wattledger report variants", "the same bill by the arithmetic of other tools, and why they differ"),
        ("wattledger report owners", "who answers for how much, by every rule"),
        ("wattledger report hourly", "the hour of the grid in place of the year, in one region"),
        ("wattledger explain --service AmazonEC2 --month 2025-06", "the arithmetic behind a figure"),
        ('wattledger sql "from ledger.lines limit 3"', "the warehouse itself, read-only"),
        ("wattledger init", "in a folder of your own: a configuration to fill in"),
    )
    return ["", "Next:", *(f"  {command:<56}  {why}".rstrip() for command, why in steps)]
