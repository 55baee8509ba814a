"""A warehouse written by hand: bill lines, rates, provider figures and tracker runs in round numbers."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from models import factor_set
from reconcile.provider import reconcile_provider
from reconcile.runs import reconcile_runs
from warehouse.audits import audit_all
from warehouse.database import migrate

JUNE = date(2025, 6, 1)  # 30 days
FRANKFURT = "eu-central-1"
BILL, CARBON, LOGS = 1, 2, 3


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of June 2025, UTC."""
    return datetime.combine(JUNE.replace(day=day), time(hour, minute))


@contextmanager
def ledger() -> Iterator["Ledger"]:
    """An empty warehouse with the shipped factor set, whose facts about machines the matching reads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.duckdb"
        shutil.copyfile(Path(_template().name) / "w.duckdb", path)
        with duckdb.connect(str(path)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield Ledger(connection)


@cache
def _template() -> "tempfile.TemporaryDirectory[str]":
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        migrate(connection, path)
        factor_set.install(connection)
        connection.execute("insert into core.setting values ('model', 'default')")
        for unit_id, source, table in ((BILL, "bill", "usage"), (CARBON, "carbon", "provider_footprint")):
            _unit(connection, unit_id, source, table)
        _unit(connection, LOGS, "logs", "tracker_run")
    return folder


def _unit(connection: duckdb.DuckDBPyConnection, unit_id: int, source: str, table: str) -> None:
    connection.execute(
        "insert into core.unit by name select ? as unit_id, ? as source, ? as kind, ? as table_name, '' as scope, "
        "'' as period, '1' as version, 1 as generation, 'loaded' as status, 0 as row_count, 0 as size_bytes, "
        "[]::varchar[] as notes, []::varchar[] as unknown_columns, timestamp '2025-08-01' as loaded_at, '' as run_id",
        [unit_id, source, source, table],
    )


@dataclass
class Ledger:
    """What the tests put in and ask."""

    connection: duckdb.DuckDBPyConnection
    skus: dict[str, int] = field(default_factory=dict)
    rows: int = 0

    def insert(self, table: str, **values: Any) -> None:
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        self.connection.execute(f"insert into {table} ({names}) values ({marks})", list(values.values()))

    def site(
        self,
        region: str = FRANKFURT,
        *,
        lifecycle: float = 400.0,
        direct: float | None = 400.0,
        country: float | None = 400.0,
        low: float = 200.0,
        high: float = 800.0,
        month: date = JUNE,
        provider: str = "aws",
    ) -> None:
        """Grid factors of a region, g CO2e/kWh."""
        self.insert(
            "core.site_factor", factor_set=self.setting("factor_set"), provider=provider, region_id=region,
            charge_month=month, pue=1.0, grid_g_co2e_per_kwh=lifecycle, grid_g_co2e_per_kwh_low=low,
            grid_g_co2e_per_kwh_high=high, grid_boundary="lifecycle", grid_direct_g_co2e_per_kwh=direct,
            grid_direct_ref="grid/zone/2025/direct", country_direct_g_co2e_per_kwh=country,
            country_direct_ref="grid/country/2025/direct",
        )  # fmt: skip

    def setting(self, key: str) -> str:
        value: str = self.connection.execute("select value from core.setting where key = ?", [key]).fetchall()[0][0]
        return value

    def sku(
        self,
        meter: str,
        *,
        service: str = "AmazonEC2",
        region: str = FRANKFURT,
        kwh: float | None = 1.0,
        lifecycle: float = 400.0,
        state: str = "used",
        machine: str | None = None,
        accelerator_kwh: float = 0.0,
        unit: str = "Hrs",
        month: date = JUNE,
        provider: str = "aws",
        disposition: str | None = None,
        gap_reason: str = "no model for it",
    ) -> None:
        """A SKU and its rate per unit: kWh at PUE 1, half and double as its ends; without kWh it is not estimated.

        A machine's kWh are 80 % compute and 20 % memory, beside those of its accelerators.
        """
        number = self.skus[meter] = len(self.skus) + 1
        self.insert(
            "core.sku", sku_id=number, provider=provider, service_name=service, service_code=service,
            region_id=region, sku_meter=meter, consumed_unit=unit, instance_type=machine, line_type="Usage",
            charge_category="Usage",
        )  # fmt: skip
        rate: dict[str, Any] = {
            "model": "default", "factor_set": self.setting("factor_set"), "sku_id": number, "charge_month": month,
            "rule_id": "by-hand", "disposition": disposition or ("unmodelled" if kwh is None else "estimated"),
        }  # fmt: skip
        if kwh is None:
            self.insert("core.rate", **rate, gap_reason=gap_reason)
            return
        total = kwh + accelerator_kwh
        kg = total * lifecycle / 1000
        self.insert(
            "core.rate", **rate, usage_state=state, resource_kind="compute", quality=3, grid_boundary="lifecycle",
            method="instance_curve" if machine else "coefficient", physical_unit="instance_h", physical_per_unit=1.0,
            compute_it_energy_kwh=0.8 * kwh, memory_it_energy_kwh=0.2 * kwh, accelerator_it_energy_kwh=accelerator_kwh,
            storage_it_energy_kwh=0.0, network_it_energy_kwh=0.0,
            it_energy_kwh=total, it_energy_kwh_low=total / 2, it_energy_kwh_high=total * 2,
            pue=1.0, energy_kwh=total, energy_kwh_low=total / 2, energy_kwh_high=total * 2,
            market_based_gap_reason="no contract in this ledger", water_gap_reason="no water in this ledger",
            location_based_kg_co2e=kg, location_based_kg_co2e_low=kg / 2, location_based_kg_co2e_high=kg * 2,
            embodied_kg_co2e=0.01 * total,
        )  # fmt: skip

    def line(
        self,
        meter: str,
        start: datetime,
        hours: float = 1.0,
        *,
        quantity: float | None = 1.0,
        cost: str | None = "1.00",
        currency: str = "USD",
        account: str = "web",
        payer: str = "payer",
        resource: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> int:
        """A bill line over ``hours``; return its line_id."""
        self.rows += 1
        tag_set_id = None
        if tags:
            tag_set_id = 1000 + self.rows
            self.insert("core.tag_set", tag_set_id=tag_set_id, tags=dict(tags))
        charged = {
            "unit_id": BILL, "billing_month": start.date().replace(day=1), "billing_account_id": payer,
            "sub_account_id": account, "sku_id": self.skus[meter], "tag_set_id": tag_set_id,
            "billing_currency": currency,
            "cost_basis": "effective", "consumed_quantity": quantity, "billed_cost": cost, "effective_cost": cost,
        }  # fmt: skip
        end = start + timedelta(hours=hours)
        self.insert(
            "core.usage", **charged, line_id=self.rows, resource_id=resource, charge_period_start=start,
            charge_period_end=end,
        )  # fmt: skip
        day = start.date()
        self.insert("core.usage_daily", **charged, usage_date=day, charge_month=day.replace(day=1), lines=1)
        return self.rows

    def days(self, meter: str, days: int = 30, **more: Any) -> None:
        """A line of 10 units on each of the first days of June."""
        for day in range(days):
            self.line(meter, at(day + 1), 24, **{"quantity": 10.0, **more})

    def figure(
        self,
        kg: float | None,
        service: str | None = "AmazonEC2",
        *,
        region: str | None = FRANKFURT,
        account: str = "web",
        payer: str = "payer",
        month: date = JUNE,
        version: str = "v3.0.1",
        scope: str = "scope_2",
        method: str = "location_based",
        null_reason: str | None = None,
        refreshed_at: str = "2025-07-21",
        unit_id: int = CARBON,
        source_kind: str = "export",
        provider: str = "aws",
    ) -> None:
        """A figure of the provider, kg CO2e."""
        self.rows += 1
        key = ".".join(f"{int(part):05d}" for part in version.removeprefix("v").split("."))
        self.insert(
            "core.provider_footprint", unit_id=unit_id, row_number=self.rows, usage_month=month, provider=provider,
            billing_account_id=payer, sub_account_id=account, service_name=service, region_id=region,
            model_version=version, model_version_key=key, scope=scope, method=method, kg_co2e=kg,
            null_reason=null_reason, refreshed_at=refreshed_at, source_kind=source_kind,
        )  # fmt: skip

    def unit(self, unit_id: int, source: str, table: str) -> None:
        _unit(self.connection, unit_id, source, table)

    def run(self, run_id: str, start: datetime, hours: float, kwh: float, **more: Any) -> None:
        """A tracker row: a whole-host run of grade A without a GPU, of a machine with 2 CPUs and 8 GiB in Germany."""
        self.rows += 1
        gpu_kwh = more.pop("gpu_kwh", 0.0)
        given: dict[str, Any] = {
            "unit_id": LOGS, "row_number": self.rows, "tool": "codecarbon", "tool_version": "3.0.9", "run_id": run_id,
            "row_kind": "run", "started_at": start, "ended_at": start + timedelta(hours=hours),
            "duration_s": hours * 3600, "cpu_it_energy_kwh": 0.75 * kwh, "ram_it_energy_kwh": 0.25 * kwh,
            "gpu_it_energy_kwh": gpu_kwh, "it_energy_kwh": kwh + gpu_kwh, "tracker_pue": 1.0, "country_iso3": "DEU",
            "cpu_model": "Xeon", "cpu_count": 2, "ram_total_gib": 7.6, "tracking_mode": "machine", "grade": "A",
            "grade_reason": "counter", "flags": [], "timezone": "UTC", "os": "Linux",
        }  # fmt: skip
        self.insert("core.tracker_run", **{**given, **more})

    def machine(self, resource: str, start: datetime, hours: int, meter: str = "m5", **more: Any) -> None:
        """Hourly lines of a billed machine."""
        for hour in range(hours):
            self.line(meter, start + timedelta(hours=hour), resource=resource, **more)

    def compare(self) -> None:
        """Reconcile both, as the program does, and check that every gap is fully split."""
        self.connection.begin()
        reconcile_provider(self.connection)
        reconcile_runs(self.connection)
        self.connection.commit()
        audits, _ = audit_all(self.connection)
        assert ("gap_fully_split", "held") in {row[:2] for row in audits.rows}

    def query(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        result = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def regions(self) -> list[dict[str, Any]]:
        """The account x region rows."""
        return self.query("from ledger.reconciliation_provider where grain = 'region' order by all")

    def services(self) -> dict[str, dict[str, Any]]:
        """The service rows by group."""
        rows = self.query("from ledger.reconciliation_provider where grain = 'service' order by all")
        return {row["service_group"]: row for row in rows}

    def runs(self) -> dict[str, dict[str, Any]]:
        """The runs by id."""
        return {row["run_id"]: row for row in self.query("from ledger.reconciliation_runs order by run_id")}
