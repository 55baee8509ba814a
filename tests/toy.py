"""The smallest source that keeps the contract, and the smallest rate card: worked examples for the warehouse's tests.

An hour of anything metered `...BoxUsage...` takes 0.015 kWh of compute and 0.005 kWh of memory. PUE is 1.2 and the grid
at 500 g/kWh, so an hour is 0.020 kWh at the server, 0.024 kWh at the meter and 0.012 kg CO2e, half of that low and
double high; 0.004 kg embodied. Lines of tax are out of scope, everything else is unmodelled.
"""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from warehouse.database import open_for_writing
from wattledger.contracts import PROVIDER_FOOTPRINT_COLUMNS, USAGE_COLUMNS, LocalFile, ReadReport, Unit
from wattledger.errors import BrokenInputError

_FILL_RATES = """
    insert into core.rate by name
    with wanted as (
        select s.*, d.charge_month, case when s.line_type = 'Tax' then 'out_of_scope'
            when s.sku_meter like '%BoxUsage%' then 'estimated' else 'unmodelled' end as disposition
        from (select distinct sku_id, charge_month from core.usage_daily where charge_month is not null) as d
        inner join core.sku as s on s.sku_id = d.sku_id
        anti join core.rate as r on r.sku_id = d.sku_id and r.charge_month = d.charge_month
    )
    select
        'toy' as model, 'toy@1' as factor_set, sku_id, charge_month, 'toy-rule' as rule_id, disposition,
        case disposition when 'out_of_scope' then 'tax' when 'unmodelled' then 'no model' end as gap_reason,
        if(one is null, null, 'used') as usage_state, if(one is null, null, 'compute') as resource_kind,
        if(one is null, null, 'toy') as method, if(one is null, null, 3) as quality,
        0.015e0 * one as compute_it_energy_kwh, 0e0 * one as accelerator_it_energy_kwh,
        0.005e0 * one as memory_it_energy_kwh, 0e0 * one as storage_it_energy_kwh, 0e0 * one as network_it_energy_kwh,
        0.02e0 * one as it_energy_kwh, 0.01e0 * one as it_energy_kwh_low, 0.04e0 * one as it_energy_kwh_high,
        1.2e0 * one as pue, 1.2e0 * one as pue_low, 1.2e0 * one as pue_high,
        0.024e0 * one as energy_kwh, 0.012e0 * one as energy_kwh_low, 0.048e0 * one as energy_kwh_high,
        500e0 * one as grid_g_co2e_per_kwh, 500e0 * one as grid_g_co2e_per_kwh_low,
        500e0 * one as grid_g_co2e_per_kwh_high, if(one is null, null, 'lifecycle') as grid_boundary,
        0.012e0 * one as location_based_kg_co2e, 0.006e0 * one as location_based_kg_co2e_low,
        0.024e0 * one as location_based_kg_co2e_high, 0.004e0 * one as embodied_kg_co2e,
        0.002e0 * one as embodied_kg_co2e_low, 0.008e0 * one as embodied_kg_co2e_high,
        if(one is null, null, 'no contract at the toy site') as market_based_gap_reason,
        if(one is null, null, 'no water at the toy site') as water_gap_reason
    from (select *, case when disposition = 'estimated' then 1e0 end as one from wanted)
"""
HEADER = "id,account,service,meter,unit,line_type,start,quantity,cost\n"


@dataclass(frozen=True)
class ToySource:
    """Each `YYYY-MM.csv` of a folder is a unit: one month of the bill of `payer`.

    Every fetch and read is noted in the `journal` beside the folder.
    """

    name: str
    folder: Path
    payer: str = "payer"
    kind: str = "toy"
    table: str = "usage"

    @property
    def journal(self) -> Path:
        """One line per fetch and read, whichever process did it."""
        return self.folder.with_suffix(".journal")

    def _note(self, what: str) -> None:
        with self.journal.open("a") as journal:
            journal.write(f"{what}\n")

    def units(self, since: date | None) -> Iterator[Unit]:
        for path in sorted(self.folder.glob("*.csv")):
            stat = path.stat()
            version = f"{stat.st_size}-{stat.st_mtime_ns}"
            yield Unit(self.name, path.name, path.stem[:7], version, (str(path),))

    def fetch(self, unit: Unit, spool: Path) -> Sequence[LocalFile]:
        self._note(f"fetch {unit.scope}")
        found = []
        for name in unit.files:
            content = Path(name).read_bytes()
            found.append(LocalFile(Path(name), len(content), hashlib.sha256(content).hexdigest()))
        return found

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        self._note(f"read {files[0].path.name}")
        text = files[0].path.read_text()
        if "SLEEP" in text:
            self._note(f"asleep {os.getpid()}")
            time.sleep(60)
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


@dataclass(frozen=True)
class ToyCarbon(ToySource):
    """A provider's own figure: each `YYYY-MM.csv` holds one number, the kg of that month."""

    table: str = "provider_footprint"

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        path = files[0].path
        given = {
            "usage_month": f"'{path.stem[:7]}-01'", "provider": "'aws'", "billing_account_id": f"'{self.payer}'",
            "model_version": "'v3.0.0'", "model_version_key": "'003.000.000'", "scope": "'scope_2'",
            "method": "'location_based'", "kg_co2e": path.read_text().strip(), "source_kind": "'export'",
        }  # fmt: skip
        columns = PROVIDER_FOOTPRINT_COLUMNS.items()
        staged_row = ", ".join(f"({given.get(name, 'null')})::{kind} as {name}" for name, kind in columns)
        with duckdb.connect() as connection:
            connection.execute(f"copy (select {staged_row}) to '{staged}' (format parquet)")
        return ReadReport(1)


def fill_rates(connection: duckdb.DuckDBPyConnection) -> None:
    """Rate what the card lacks, as `models.rates.fill_missing` does."""
    connection.execute(_FILL_RATES)


@contextmanager
def toy_warehouse(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in which the toy rate card is in force."""
    with open_for_writing(path) as connection:
        settings = "('model', 'toy'), ('factor_set', 'toy@1')"
        connection.execute(f"insert into core.setting values {settings} on conflict do nothing")
        yield connection


def line(
    number: int,
    *,
    day: str = "2025-03-01",
    quantity: float = 1,
    cost: str = "0.10",
    meter: str = "EUC1-BoxUsage:m5.large",
    service: str = "AmazonEC2",
    kind: str = "Usage",
) -> str:
    """One line of the toy bill: an hour of an m5.large in Frankfurt unless told otherwise."""
    return f"line-{number},ml,{service},{meter},Hrs,{kind},{day} 00:00:00,{quantity},{cost}\n"
