"""The stages of the job one after the other on one bill, each with its time and its memory."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.memory import Measured, measure
from connectors.aws.cur import AwsCur
from models import factor_set, rates
from reconcile import report
from reconcile.provider import reconcile_provider
from reconcile.runs import reconcile_runs
from warehouse.audits import audit_all
from warehouse.database import open_for_writing, utc_now
from warehouse.load import Delivery, Surroundings, load
from warehouse.reading import ReadingChild
from warehouse.snapshot import publish
from warehouse.transaction import transaction
from wattledger.contracts import SourceSettings

THREADS = 2
# The plain sum that rating stands beside, by product code and by the SKU that rating works on.
SCAN = """
    select {product}, product_region_code, line_item_usage_start_date::date as day,
        sum(line_item_unblended_cost), sum(line_item_usage_amount)
    from read_parquet(getvariable('files')) group by all
"""
PRODUCT_CODE, PRODUCT_SKU = "line_item_product_code", "product_sku"
DAILY = """
    select usage_date, service_name, region_id, billing_currency, sum(lines), sum(billed_cost),
        sum(energy_kwh::decimal(38, 15))::double, sum(location_based_kg_co2e::decimal(38, 15))::double
    from ledger.footprint_daily group by all
"""


@dataclass(frozen=True)
class Stages:
    """What each stage took. ``load`` holds the first rating; ``rate`` makes the whole card anew.

    ``scan`` is the plain sum over the same files by product, region and day, ``scan_by_sku`` the same by SKU.
    """

    scan: Measured
    scan_by_sku: Measured
    parse: Measured
    load: Measured
    rate: Measured
    audit: Measured
    report: Measured
    publish: Measured


def run_stages(export: Path, folder: Path) -> Stages:
    """Run every stage on the export, in a warehouse made in ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scan, scan_by_sku = (scan_files(export, product) for product in (PRODUCT_CODE, PRODUCT_SKU))
    source = AwsCur(SourceSettings("cur", "aws-cur", str(export)))
    deliveries = []
    with measure() as parse, ReadingChild(source) as child:
        for unit in source.units(None):
            files = source.fetch(unit, folder)
            staged, scratch = folder / f"{unit.unit_id}.parquet", folder / f"{unit.unit_id}.scratch"
            scratch.mkdir()
            reading = child.read(unit.label, files, staged, scratch)
            digest = hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest()
            deliveries.append(Delivery(unit, source.kind, source.table, files, digest, staged, reading))
    with open_for_writing(folder / "w.duckdb", threads=THREADS) as connection:
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', 'default')")
        with measure() as loading:
            for delivery in deliveries:
                load(connection, delivery, Surroundings(rates.fill_missing, (), "bench", utc_now()))
        rating = _best(lambda: _rate(connection))
        with measure() as reporting:
            with transaction(connection):
                reconcile_provider(connection)
                reconcile_runs(connection)
            report.sections(connection, None, None)
        with measure() as auditing:
            _, held = audit_all(connection)
            if not held:
                raise RuntimeError("an audit failed on the benchmark's bill; `wattledger audit` shows which")
        with measure() as publishing:
            publish(connection, folder / "snapshot.duckdb")
    return Stages(scan, scan_by_sku, parse, loading, rating, auditing, reporting, publishing)


def _rate(connection: duckdb.DuckDBPyConnection) -> Measured:
    """From the distinct SKU keys to the daily footprint: classes, sites and rates from nothing, then daily times rate.

    Inside a transaction that is rolled back, as it runs inside that of a load.
    """
    connection.begin()
    for table in ("sku_class", "site_factor", "rate", "rate_input", "rate_leg"):
        connection.execute(f"delete from core.{table}")
    with measure() as found:
        rates.fill_missing(connection)
        connection.execute(DAILY).fetchall()
    connection.rollback()
    return found


def scan_files(export: Path, product: str) -> Measured:
    """A plain sum over the files, by ``product``, region and day."""
    with duckdb.connect(config={"threads": THREADS}) as connection:
        files = [str(path) for path in sorted(export.glob("data/*/*.parquet"))]
        connection.execute("set variable files = ?", [files])
        return _best(lambda: _scan(connection, product))


def _scan(connection: duckdb.DuckDBPyConnection, product: str) -> Measured:
    with measure() as found:
        connection.execute(SCAN.format(product=product)).fetchall()
    return found


def _best(run: Callable[[], Measured]) -> Measured:
    """The fastest of five, so that both sides of a ratio are free of what else the machine does."""
    return min((run() for _ in range(5)), key=lambda measured: measured.seconds)
