"""Files damaged at random are refused or read whole: no crash of the parent, no hang, no silent half load."""

import random
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from bills import CUR2, LEGACY, csv_of, gz_of, parquet_of, put, source_at, zip_of

from warehouse.reading import ReadingChild
from wattledger.errors import BrokenInputError

LINES = 200
TEXT = [LEGACY | {"identity/LineItemId": f"line-{n}", "lineItem/UsageAmount": f"{n}.5"} for n in range(LINES)]
TYPED = [CUR2 | {"identity_line_item_id": f"line-{n}", "line_item_usage_amount": n + 0.5} for n in range(LINES)]
SEEDS = {"b.csv.gz": gz_of(*TEXT), "b.zip": zip_of(a__csv=csv_of(*TEXT)), "b.parquet": parquet_of(*TYPED)}


def damaged(content: bytes, dice: random.Random) -> bytes:
    """The file after one accident: bits flipped, bytes overwritten, a piece lost, doubled or cut off."""
    data = bytearray(content)
    start = dice.randrange(len(data))
    end = min(len(data), start + dice.choice((1, 2, 8, 64, 512)))
    accident = dice.choice(("flip", "overwrite", "lose", "double", "cut", "zero"))
    if accident == "flip":
        for _ in range(dice.choice((1, 3, 10))):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    elif accident == "overwrite":
        data[start:end] = dice.randbytes(end - start)
    elif accident == "lose":
        del data[start:end]
    elif accident == "double":
        data[end:end] = data[start:end]
    elif accident == "cut":
        del data[start:]
    else:
        data[start:end] = bytes(end - start)
    return bytes(data)


def campaign(folder: Path, files: int, seed: int) -> Counter[str]:
    """Read ``files`` damaged files and count what came of them."""
    dice = random.Random(seed)
    outcomes: Counter[str] = Counter()
    with ReadingChild(source_at(folder), seconds_per_unit=30) as child:
        for number in range(files):
            name = dice.choice(list(SEEDS))
            content = damaged(SEEDS[name], dice)
            put(folder / "in", {name: content})
            source = source_at(folder / "in" / name)
            (unit,) = source.units(None)
            staged, scratch = folder / "staged", folder / "scratch"
            scratch.mkdir()
            try:
                report = child.read(unit.label, source.fetch(unit, folder), staged, scratch)
            except BrokenInputError as error:
                assert str(error).startswith((str(folder / "in" / name), unit.label)), error
                assert "took longer" not in str(error)
                outcomes["died" if "the reader died" in str(error) else "refused"] += 1
            else:
                whole = read_whole(staged, checked=not name.endswith(".parquet"))
                assert whole in ("whole", "empty"), (number, name, report)
                assert whole == "whole" or not content, (number, name)
                outcomes["read"] += 1
            shutil.rmtree(scratch)
    return outcomes


def read_whole(staged: Path, checked: bool) -> str:
    """Whether every line is there; of formats with a checksum, whether every quantity is right, too."""
    with duckdb.connect() as connection:
        rows, total = connection.execute(
            "select count(*), sum(consumed_quantity::decimal(38, 15)) from read_parquet(?)", [str(staged)]
        ).fetchall()[0]
    if rows == 0:
        return "empty"
    # 0.5 + 1.5 + ... + 199.5
    return "whole" if rows == LINES and (not checked or total == LINES * LINES / 2) else f"{rows} rows, {total}"


def test_150_damaged_files_are_refused_or_read_whole(tmp_path: Path) -> None:
    outcomes = campaign(tmp_path, 150, seed=20250601)
    assert outcomes.total() == 150
    assert outcomes["died"] == 0


@pytest.mark.long
def test_2000_damaged_files_are_refused_or_read_whole(tmp_path: Path) -> None:
    assert campaign(tmp_path, 2_000, seed=20250602).total() == 2_000
