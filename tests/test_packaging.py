"""The wheel carries every module and data file under `wattledger/`, and nothing else. `test_demo.py` runs it."""

import configparser
import tarfile
import zipfile
from pathlib import Path

import installed
import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("connectors", "warehouse", "models", "reconcile", "cli", "sample_data")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    installed.build(folder)
    return folder


def files_of(*folders: str) -> set[str]:
    """Every file of the checkout below the folders but for what Python leaves there."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def names_in_wheel(dist: Path) -> set[str]:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_every_file_of_every_room_and_nothing_else(dist: Path) -> None:
    rooms = {f"wattledger/_rooms/{name}" for name in files_of(*ROOMS)}
    assert {name for name in names_in_wheel(dist) if ".dist-info/" not in name} == rooms | files_of("wattledger")


def test_the_wheel_puts_nothing_beside_wattledger(dist: Path) -> None:
    tops = {name.partition("/")[0] for name in names_in_wheel(dist)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"wattledger"}


def test_the_wheel_names_its_entry_point_and_its_licences(dist: Path, tmp_path: Path) -> None:
    installed.unpack(dist, tmp_path)
    (metadata,) = tmp_path.glob("wattledger-*.dist-info")
    entry_points = configparser.ConfigParser()
    entry_points.read(metadata / "entry_points.txt")
    assert entry_points["console_scripts"]["wattledger"] == "wattledger.__main__:main"
    licences = metadata / "licenses"
    assert {str(path.relative_to(licences)) for path in licences.rglob("*") if path.is_file()} == {
        "LICENSE",
        "NOTICE",
        "models/factors_sharealike/NOTICE",
    }


def test_the_sdist_carries_what_the_tests_and_the_demo_need(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        carried = {name.partition("/")[2] for name in archive.getnames()}
    assert files_of(*ROOMS, "wattledger", "tests", "docs", "scripts") <= carried
    assert {"Makefile", "pyproject.toml", "requirements.lock", "README.md", "CHANGELOG.md", ".ci/run"} <= carried


def test_the_neighbours_of_the_installed_program_would_stop_it_if_it_met_them(dist: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    installed.unpack(dist, site)
    installed.surround(tmp_path)
    (site / "wattledger" / "_rooms" / "cli").rename(site / "wattledger" / "_rooms" / "not_cli")
    result = installed.run(site, tmp_path, "--version")
    assert "the models of somebody else" in result.stderr
