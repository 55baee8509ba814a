"""A year of three clouds as daily rows and rates, and how long the simulated ranges of its report take."""

from pathlib import Path

import duckdb

from bench.bill import HERE
from bench.memory import Measured, measure
from models import factor_set, rates
from warehouse.database import open_for_writing

THREADS = 2
ACCOUNTS = 60
DAYS = 365


def measure_uncertainty(folder: Path, machines: int = 200, days: int = DAYS) -> tuple[Measured, int]:
    """Return what the simulated sections of a report take, the best of three, and over how many daily rows."""
    from reconcile.report_uncertainty import uncertainty_sections

    with open_for_writing(folder / "year.duckdb", threads=THREADS) as connection:
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', 'default')")
        _put_year(connection, machines, days)
        rates.fill_missing(connection)
        rows = connection.execute("select count(*) from core.usage_daily").fetchall()[0][0]
        found = []
        for _ in range(3):
            with measure() as measured:
                tables = uncertainty_sections(connection, {"since": None, "until": None})
            found.append(measured)
        if len(tables[0].rows) != 6:
            raise RuntimeError("the year has no range of one of its six figures")
    return min(found, key=lambda one: one.seconds), rows


def _put_year(connection: duckdb.DuckDBPyConnection, machines: int, days: int) -> None:
    """Put every SKU on the bill of two accounts, on every seventh day."""
    connection.execute("set variable machines = ?", [machines])
    connection.execute(
        "insert into core.sku by name with sku as ("
        "select 'aws' as provider, product_code as service_name, product_code as service_code, region as region_id, "
        "usage_type as sku_meter, operation, unit as consumed_unit, instance_type, family as product_family, "
        f"'Usage' as line_type, sku from ({(HERE / 'sku.sql').read_text()}) "
        "union all by name select provider, service as service_name, service as service_code, region_id, "
        "meter as sku_meter, operation, unit as consumed_unit, 'Usage' as charge_category "
        f"from ({(HERE / 'year.sql').read_text()})) "
        "select row_number() over (order by provider, region_id, sku_meter) as sku_id, * exclude (sku), "
        "false as is_split from sku"
    )
    connection.execute(
        "insert into core.usage_daily by name "
        "select 1 as unit_id, day as usage_date, date_trunc('month', day)::date as charge_month, sku_id, "
        "'account-' || hash(sku_id, a) % ? as sub_account_id, 1 as lines, "
        "(1 + hash(sku_id, a, day) % 100) * case consumed_unit when 'byte-seconds' then 1e9 else 1e0 end "
        "as consumed_quantity from core.sku cross join range(2) as t(a) "
        "cross join (select unnest(range(date '2024-01-01', date '2024-01-01' + to_days(?), interval 7 day))::date "
        "as day)",
        [ACCOUNTS, days],
    )
