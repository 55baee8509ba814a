"""Names and places of accounts from a file: what is written is staged, what cannot be a tree is refused by name."""

from pathlib import Path

import pytest
from staged import read_staged

from wattledger.contracts import ACCOUNT_COLUMNS, ReadReport, SourceSettings
from wattledger.errors import BrokenInputError


def read(folder: Path, text: str) -> tuple[list[tuple[object, ...]], ReadReport]:
    (folder / "accounts.csv").write_text(text)
    settings = SourceSettings("accounts", "accounts-csv", str(folder / "accounts.csv"))
    return read_staged(settings, folder, ACCOUNT_COLUMNS)


def test_accounts_and_units_are_rows_and_a_parent_without_a_row_is_said(tmp_path: Path) -> None:
    rows, report = read(
        tmp_path,
        "provider,account_id,name,kind,parent_id,path,owner\n"
        "AWS,ou-1,Data,organizational_unit,r-1,,\naws,012,lake,,ou-1,,\ngcp,p-1,Search,,,Acme/ Web /,x\n",
    )
    assert rows == [
        ("aws", "ou-1", "Data", "organizational_unit", "r-1", None),
        ("aws", "012", "lake", None, "ou-1", None),
        ("gcp", "p-1", "Search", None, None, "Acme / Web"),
    ]
    assert report.notes == ("1 parents have no row in this file: `finding` in ledger.accounts names those of no file",)
    assert report.unknown_columns == ("owner",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            "aws,a,b\naws,b,c\naws,c,b\n",
            r"the account in line 3 lead back to itself \(3 > 4 > 3\).*Correct one parent_id",
        ),
        ("aws,a,a\n", r"the account in line 2 lead back to itself \(2 > 2\)"),
        ("aws,a,\naws,a,b\n", r"line 3: the account stands in line 2 already"),
        ("aws,,b\n", r"line 2: account_id is empty"),
    ],
)
def test_what_cannot_be_a_tree_is_refused_by_name(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(BrokenInputError, match=said):
        read(tmp_path, f"provider,account_id,parent_id\n{lines}")
