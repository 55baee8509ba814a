"""Texts that the command line hands to a newcomer: the configuration to start from, and what to try next."""

from pathlib import Path

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

# One [[source]] for each bill, carbon export or folder of tracker logs. The first source in this file that delivers
# a bill owns it. Take the # away and set your own paths.

# [[source]]
# name = "payer-cur"
# kind = "aws-cur"                  # or focus, aws-focus, azure-focus, gcp-focus
# location = "exports/cur"          # a folder with the export's own tree, a file, or a glob
# since = 2025-01                   # leave out to read everything

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


def next_steps(folder: Path) -> list[str]:
    """Return what to try after the demo, one line each."""
    return [
        "",
        "Next:",
        f"  cd {folder}",
        "  wattledger report --group-by service_name            energy, emissions and cost by service",
        "  wattledger explain --service AmazonEC2 --month 2025-06   the arithmetic behind a figure, step by step",
        '  wattledger sql "from ledger.coverage"                what is estimated, what is not, and why',
        "  wattledger init                                      in a folder of your own: a configuration to fill in",
    ]
