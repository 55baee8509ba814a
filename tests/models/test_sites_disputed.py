"""Two publishers on the grid of one place: both are shown with their ratio, and only ours is used."""

from datetime import date

import duckdb
import pytest
from rated import add_sku, ec2, rate, warehouse

from models.explain import explain_sku

STEP = "another publisher's grid over ours"


@pytest.mark.parametrize(
    ("region_id", "beside", "ours", "theirs"),
    [
        ("us-east-1", "gcp:us-east4", 270.5, 322.0),  # eGRID SRVC against Google in the same county
        ("us-west-2", "gcp:us-west1", 288.2, 94.0),  # eGRID NWPP against Google down the Columbia
        ("ca-central-1", None, None, None),  # Google's 0.0 of Montreal is rounded away, no figure of the province
    ],
)
def test_explain_shows_both_figures_and_their_ratio(
    region_id: str, beside: str | None, ours: float, theirs: float
) -> None:
    with warehouse() as connection:
        sku = add_sku(connection, **ec2("m5.large", region_id=region_id))
        rated = rate(connection, sku)
        found = [step for step in explain_sku(connection, sku, date(2023, 6, 1)).steps if step.name.startswith(STEP)]
        if beside is None:
            assert found == []
            return
        assert beside in found[0].name
        assert found[0].name.endswith("; not used")
        assert found[0].numbers == f"{theirs:g} / {ours:g}"
        assert found[0].value == pytest.approx(theirs / ours, rel=1e-12)
        assert rated["grid_direct_g_co2e_per_kwh"] == ours


def test_no_figure_depends_on_what_another_publisher_says() -> None:
    def made(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
        rate(connection, add_sku(connection, **ec2("m5.large")))
        return connection.execute("select * from core.rate").fetchall()

    with warehouse() as with_it, warehouse() as without:
        without.execute("delete from factors.grid_alternative")
        assert made(with_it) == made(without)
