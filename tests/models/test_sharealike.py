"""The share-alike set: apart from the core set, in force by name only, credited where it is used."""

import csv
from datetime import date
from importlib import resources

import pytest
from rated import add_sku, ec2, put_on_bill, rate, warehouse

from models import factor_set, sharealike
from models.layers import put_in_force, resolve
from models.rates import remake
from wattledger.errors import ConfigError

CORE = factor_set.shipped().label
LABEL = f"{CORE}+{sharealike.brought().label}"


def _rows(folder: str, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((resources.files("models") / folder / name).read_text(encoding="utf-8").splitlines()))


def test_the_files_are_those_that_the_set_was_built_with_and_its_notice_lies_beside_them() -> None:
    files = {name: factor_set.sha256_of(factor_set.table_text(name, sharealike.FOLDER)) for name in sharealike.FILES}
    assert factor_set.digest(files) == sharealike.brought().digest
    notice = factor_set.table_text("NOTICE", sharealike.FOLDER)
    assert "https://opendatacommons.org/licenses/odbl/1-0/" in notice
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in notice


def test_its_licences_stand_in_it_and_nowhere_else() -> None:
    assert {row["licence"] for row in _rows("factors_sharealike", "grid_intensity.csv")} == {"ODbL 1.0"}
    assert {row["licence"] for row in _rows("factors_sharealike", "grid_marginal.csv")} == {"CC BY-SA 4.0"}
    for table in factor_set.FACTOR_IDS:
        assert not any(
            "ODbL" in row["licence"] or "BY-SA" in row["licence"] for row in _rows("factors", f"{table}.csv")
        )


def test_it_is_in_no_warehouse_that_did_not_ask_for_it() -> None:
    with warehouse() as connection:
        counts = (
            "select (select count(*) from factors.layer_grid_intensity), (select count(*) from factors.grid_marginal)"
        )
        assert connection.execute(counts).fetchall() == [(0, 0)]
        with pytest.raises(ConfigError, match="`wattledger factors use` brings it in"):
            resolve(connection, f"{CORE}+sharealike")
        with pytest.raises(ConfigError, match=r"this program brings sharealike@2026\.11\.0"):
            resolve(connection, f"{CORE}+sharealike@1999.1.0", may_exchange=True)


def test_put_over_the_core_set_a_region_has_the_average_of_its_zone() -> None:
    with warehouse() as connection:
        sku = add_sku(connection, **ec2("m5.large", region_id="us-west-2"))
        before = rate(connection, sku)
        label = resolve(connection, f"{CORE}+sharealike", may_exchange=True)
        assert label == LABEL
        put_in_force(connection, label)
        remake(connection)
        in_force = "select grid_g_co2e_per_kwh, energy_kwh from core.rate_in_force"
        found = connection.execute(in_force).fetchall()
        site = connection.execute(
            "select grid_ref, grid_resolution, grid_boundary from core.site_factor where factor_set = ?", [label]
        ).fetchall()
        # the balancing area of Bonneville instead of the eGRID subregion NWPP, 288.2 direct
        assert site == [("grid/region:aws:us-west-2/2023/lifecycle+sharealike@2026.11.0", "exact", "lifecycle")]
        assert found == [(123.0, before["energy_kwh"])]
        put_in_force(connection, CORE)
        remake(connection)
        assert connection.execute(in_force).fetchall() == [(before["grid_g_co2e_per_kwh"], before["energy_kwh"])]
        assert resolve(connection, f"{CORE}+sharealike") == LABEL  # the rows stay, and are brought in once
        put_in_force(connection, LABEL)
        assert connection.execute("select count(*) from factors.grid_marginal").fetchall() == [(76,)]


def test_every_row_of_it_is_an_average_and_a_margin_stands_behind_no_figure() -> None:
    assert {row["accounting"] for row in _rows("factors_sharealike", "grid_intensity.csv")} == {"location_average"}
    readers = [
        entry.name
        for entry in (resources.files("models") / "sql").iterdir()
        if "grid_marginal" in entry.read_text(encoding="utf-8")
    ]
    assert readers == ["factor_rows.sql"]  # what is shown, not what is calculated


def test_a_year_without_such_a_row_keeps_the_core_sets() -> None:
    with warehouse() as connection:
        month = date(2019, 6, 1)
        sku = add_sku(connection, month, **ec2("m5.large", region_id="eu-central-1"))
        before = rate(connection, sku, month)
        put_in_force(connection, resolve(connection, LABEL, may_exchange=True))
        put_on_bill(connection, sku, month)
        assert rate(connection, sku, month)["grid_g_co2e_per_kwh"] == before["grid_g_co2e_per_kwh"]
