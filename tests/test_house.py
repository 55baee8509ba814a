"""The house stands as it was drawn: imports run one way, sums are exact, every licence is named."""

import ast
import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("wattledger", "connectors", "warehouse", "models", "reconcile", "cli")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
QUERIES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.sql"))
OUR_OWN = {"published facts", "own estimate"}  # need no licence
# What may be summed as it is: counts and money, which are exact in any order.
EXACT = re.compile(
    r"(\w+\.)?(lines|row_count|null_figures|billed_cost|effective_cost)(_from|_to|_change)?"
    r"|case when [^']* then \d+ else \d+ end|date_diff\('microsecond', [\w., ]+\)"
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_run_one_way() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def imported_rooms(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names & set(ROOMS)


@pytest.mark.parametrize(
    ("room", "may_import"),
    [
        ("wattledger", {"wattledger"}),
        ("connectors", {"wattledger", "connectors"}),
        ("warehouse", {"wattledger", "warehouse"}),
        ("models", {"wattledger", "warehouse", "models"}),
        ("reconcile", {"wattledger", "warehouse", "models", "reconcile"}),
    ],
)
def test_a_room_imports_only_what_lies_below_it(room: str, may_import: set[str]) -> None:
    for path in (ROOT / room).rglob("*.py"):
        allowed = may_import | {"cli"} if name_of(path) == "wattledger/__main__.py" else may_import
        assert imported_rooms(path) <= allowed, name_of(path)


def test_the_rooms_are_joined_in_one_place() -> None:
    joining = {name_of(path) for path in (ROOT / "cli").rglob("*.py") if "connectors" in imported_rooms(path)}
    # config_jobs.py makes the sources that jobs.py drives; the doctor, called by jobs.py, lists what a sync would
    assert joining <= {"cli/config_jobs.py", "cli/doctor.py"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_fits_in_one_head(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 420  # about 400
    assert ast.get_docstring(ast.parse(text))


def sums_of(sql: str) -> Iterator[str]:
    """Yield what each `sum(...)` of a query sums, comments left out."""
    text = re.sub(r"--[^\n]*", "", sql)
    for match in re.finditer(r"\bf?sum\s*\(", text, flags=re.I):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield text[match.end() : end - 1].strip()


def is_exact(summed: str) -> bool:
    inner = next(sums_of(summed), summed)  # of a window over groups: sum(sum(lines)) over ()
    return "decimal(38" in summed.lower().replace(" ", "") or EXACT.fullmatch(inner) is not None


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_a_committed_sum_does_not_depend_on_the_order_of_rows(path: Path) -> None:
    sql = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(fsum|avg|mean)\s*\(", sql, flags=re.I)
    assert [summed for summed in sums_of(sql) if not is_exact(summed)] == []


def test_a_sum_over_double_is_found_and_an_exact_one_passes() -> None:
    assert list(sums_of("select sum(a.x * (b.y + 1)) from t -- sum(z)")) == ["a.x * (b.y + 1)"]
    assert not is_exact("a.x * (b.y + 1)")
    assert is_exact("(a.x * b.y)::decimal(38, 15)")
    assert is_exact("d.lines")
    assert is_exact("sum(lines)")
    assert not is_exact("sum(kwh)")


def test_the_notice_names_every_licence_of_the_shipped_factors() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for path in (ROOT / "models" / "factors").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            licences = {part.strip() for row in csv.DictReader(stream) for part in row.get("licence", "").split(";")}
        for licence in licences - OUR_OWN - {""}:
            assert licence in notice, f"{path.name}: {licence}"
