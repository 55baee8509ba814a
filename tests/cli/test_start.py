"""Starting: `--help` is quick because nothing heavy is imported for it."""

import resource
import subprocess
import sys

import pytest
from project import ROOT

HEAVY = ("duckdb", "pydantic", "rich", "pandas", "numpy", "filelock", "connectors", "warehouse", "models", "reconcile")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cli.main import cli\n"
        "try: cli(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert loaded.isdisjoint(HEAVY), sorted(loaded & set(HEAVY))


@pytest.mark.parametrize("arguments", [["--help"], ["sync", "--help"]])
def test_help_takes_a_moment(arguments: list[str]) -> None:
    """0.05 s of processor time measured; `make bench` holds the wall clock to 0.15 s."""
    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "wattledger", *arguments], cwd=ROOT, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 0.15
