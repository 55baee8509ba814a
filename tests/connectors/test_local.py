"""Files on this machine are listed without reading them and never outside of the location."""

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest
from bills import put, source_at

from connectors.local import ends_after, fetch_local, is_safe_key, list_files
from wattledger.errors import BrokenInputError, ConfigError


def keys(location: Path | str) -> list[str]:
    return [file.key for file in list_files(str(location))]


def test_a_location_is_a_file_a_folder_or_a_glob(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "1", "b/c.csv": "2", "b/d.txt": "3"})
    assert keys(tmp_path / "a.csv") == ["a.csv"]
    assert keys(tmp_path) == ["a.csv", "b/c.csv", "b/d.txt"]
    assert keys(tmp_path / "*" / "*.csv") == ["b/c.csv"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("nothing", "there is no such file or folder"), ("*.csv", "no file matches")],
)
def test_a_location_that_is_not_there_is_a_mistake_in_the_configuration(
    name: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        list_files(str(tmp_path / name))
    with pytest.raises(ConfigError, match="reads local files only"):
        list_files("s3://bucket/prefix")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_never_looks_empty(tmp_path: Path) -> None:
    put(tmp_path, {"closed/a.csv": "1"})
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(ConfigError, match="cannot be listed"):
            list_files(str(tmp_path))
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_link_out_of_the_location_is_named_and_not_read(tmp_path: Path) -> None:
    put(tmp_path, {"outside/secret.csv": "1", "in/a.csv": "2"})
    (tmp_path / "in" / "b.csv").symlink_to(tmp_path / "outside" / "secret.csv")
    (tmp_path / "in" / "c").symlink_to(tmp_path / "outside")
    (tmp_path / "in" / "d.csv").symlink_to(tmp_path / "in" / "a.csv")  # stays inside
    problems = {file.key: file.problem for file in list_files(str(tmp_path / "in"))}
    assert (problems["a.csv"], problems["d.csv"]) == (None, None)
    assert "outside of" in str(problems["b.csv"])
    assert "outside of" in str(problems["c"])
    (unit,) = (unit for unit in source_at(tmp_path / "in").units(None) if unit.scope == "b.csv")
    assert unit.problem is not None


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    put(tmp_path, {"a.csv": "1"})
    assert keys(tmp_path) == ["a.csv"]


def test_fetching_records_size_and_digest_and_copies_nothing(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "abc"})
    (file,) = fetch_local([tmp_path / "a.csv"])
    assert (file.path, file.size_bytes) == (tmp_path / "a.csv", 3)
    assert file.sha256 == hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(BrokenInputError, match=r"gone\.csv: cannot be opened"):
        fetch_local([tmp_path / "gone.csv"])


@pytest.mark.parametrize(
    ("period", "since", "listed"),
    [
        ("2025-06", None, True),
        ("2025-06", date(2025, 6, 30), True),
        ("2025-06", date(2025, 7, 1), False),
        ("2025-12", date(2025, 12, 31), True),
        ("2025-12", date(2026, 1, 1), False),
        ("", date(2026, 1, 1), True),
    ],
)
def test_a_month_ends_with_the_first_day_of_the_next(period: str, since: date | None, listed: bool) -> None:
    assert ends_after(period, since) is listed


@pytest.mark.parametrize(
    ("key", "safe"),
    [
        ("cur/main/data/x.csv", True),
        ("..data/x.csv", True),
        ("../x.csv", False),
        ("a/../../x.csv", False),
        ("/etc/x.csv", False),
        ("a\\..\\x.csv", False),
        ("a\0.csv", False),
        ("", False),
    ],
)
def test_a_key_from_a_manifest_stays_below_its_folder(key: str, safe: bool) -> None:
    assert is_safe_key(key) is safe
