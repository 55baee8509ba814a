"""The smallest source that keeps the contract: comma-separated lines in, staged bill lines out."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from wattledger.contracts import USAGE_COLUMNS, LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError

HEADER = "id,account,service,meter,unit,line_type,start,quantity,cost\n"


@dataclass(frozen=True)
class ToySource:
    """Each `YYYY-MM.csv` of a folder is a unit: one month of the bill of `payer`."""

    name: str
    folder: Path
    payer: str = "payer"
    kind: str = "toy"
    table: str = "usage"

    def units(self, since: date | None) -> Iterator[Unit]:
        for path in sorted(self.folder.glob("*.csv")):
            stat = path.stat()
            version = f"{stat.st_size}-{stat.st_mtime_ns}"
            yield Unit(self.name, path.name, path.stem[:7], version, (str(path),))

    def fetch(self, unit: Unit, spool: Path) -> Sequence[LocalFile]:
        found = []
        for name in unit.files:
            content = Path(name).read_bytes()
            found.append(LocalFile(Path(name), len(content), hashlib.sha256(content).hexdigest()))
        return found

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        text = files[0].path.read_text()
        if "CRASH" in text:
            os.kill(os.getpid(), 11)
        if "BROKEN" in text:
            raise BrokenInputError(f"{files[0].path}: is broken. Fetch it again.")
        given = {
            "provider_line_id": "id", "provider": "'aws'", "billing_account_id": f"'{self.payer}'",
            "sub_account_id": "account", "service_name": "service", "service_code": "service",
            "region_id": "'eu-central-1'", "sku_meter": "meter", "consumed_unit": "unit", "line_type": "line_type",
            "charge_category": "line_type", "is_split": "false", "charge_period_start": "start",
            "charge_period_end": "start::timestamp + interval 1 hour",
            "billing_month": "date_trunc('month', start::timestamp)", "consumed_quantity": "quantity",
            "billed_cost": "cost", "effective_cost": "cost", "cost_basis": "'billed'", "billing_currency": "'USD'",
            "tags": "map {'team': account}",
        }  # fmt: skip
        columns = ", ".join(f"({given.get(name, 'null')})::{kind} as {name}" for name, kind in USAGE_COLUMNS.items())
        with duckdb.connect() as connection:
            source = f"read_csv('{files[0].path}', all_varchar = true, header = true)"
            connection.execute(f"copy (select {columns} from {source}) to '{staged}' (format parquet)")
            rows = connection.execute(f"select count(*) from '{staged}'").fetchall()[0][0]
        return ReadReport(rows)


def line(
    number: int,
    day: str = "2025-03-01",
    quantity: float = 1,
    cost: str = "0.10",
    meter: str = "EUC1-BoxUsage:m5.large",
    service: str = "AmazonEC2",
    kind: str = "Usage",
) -> str:
    """One line of the toy bill: an hour of an m5.large in Frankfurt unless told otherwise."""
    return f"line-{number},ml,{service},{meter},Hrs,{kind},{day} 00:00:00,{quantity},{cost}\n"
