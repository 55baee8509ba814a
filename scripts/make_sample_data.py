"""Write sample_data/: the bills of one company at three clouds, a carbon export, tracker logs, the
intensity of a grid by the hour, and what it sold.

    .venv/bin/python scripts/make_sample_data.py [FOLDER]

The same bytes each time. The truth comes from `sample_world.py` alone; nothing of wattledger is imported, so the
demo cannot agree with itself by construction. What is planted, and how large it is, goes to expected.csv.
"""

import gzip
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import sample_business
import sample_google
import sample_grid
import sample_trackers
import sample_world as world
from csv_tables import csv_text
from sample_bill import bill_rows, billed_hours, write_bill
from sample_world import HOUR, JULY, JUNE, MAY, METERS, ML, WEB, Meter

ROOT = Path(__file__).parent.parent
BUCKET = "s3://northlight-exports"
KWH = 1000.0  # Wh
REAL_LOGS = {  # files of a real run, copied as they are
    "codecarbon-2.7.4.csv": "2.7.4/emissions.csv",
    "codecarbon-3.0.9_flush.csv": "3.0.9/emissions_flush_append.csv",
    "codecarbon-3.3.0_shifted_rows.csv": "3.3.0/emissions_append_SHIFTED_ROWS.csv",
}
Place = tuple[str, str, datetime]  # account, region, month


def main(folder: Path) -> None:
    """Write every file below ``folder``; what is there of an earlier run goes first."""
    for name in ("aws", "azure", "business", "google", "grid", "codecarbon", "codecarbon-real"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for month in world.MONTHS:
        write_bill(folder / "aws" / "cur", BUCKET, month, bill_rows(month))
    figures = provider_figures()
    for version, share in (("v3.0.0", world.OLDER_MODEL), ("v3.0.1", 1.0)):
        for month in world.MONTHS:
            write_carbon(folder / "aws" / "carbon", version, month, share, figures)
    write_focus(folder / "azure" / "focus-2025-06.csv")
    sample_google.write_billing(folder / "google" / "billing-2025-06.jsonl")
    write_csv(folder / "business" / "metrics.csv", sample_business.metric_rows())
    write_bytes(folder / "grid" / "us-west-2.csv.gz", gzip.compress(csv_bytes(list(sample_grid.grid_rows())), mtime=0))
    runs = sample_trackers.write_logs(folder / "codecarbon")
    for name, source in REAL_LOGS.items():
        target = folder / "codecarbon-real" / f"emissions_{name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / "tests" / "data" / "codecarbon" / source).read_bytes())
    write_csv(folder / "expected.csv", [*expected_gaps(figures), *runs])


def true_kwh(meter: Meter, month: datetime) -> float:
    """Return what the meter's machines drew in the month, in kWh after PUE, on the bill or not."""
    return sum(1 for _ in billed_hours(meter, month, whole_month=True)) * meter.watts / KWH * world.PUE


def provider_figures() -> dict[tuple[Place, str], float]:
    """Return the provider's scope 2, location-based, in kg, by place and product."""
    figures: dict[tuple[Place, str], float] = defaultdict(float)
    for month in world.MONTHS:
        for meter in METERS:
            grid = world.NATIONAL_G_CO2E_PER_KWH.get(meter.region) or world.GRID_G_CO2E_PER_KWH[meter.region]
            figures[(meter.account, meter.region, month), meter.service] += true_kwh(meter, month) * grid / KWH
    account, region, month, times = world.NO_CAUSE
    for place, product in figures:
        if place == (account, region, month):
            figures[place, product] *= times
    return {key: kg for key, kg in figures.items() if kg > 0}


def write_carbon(
    folder: Path, version: str, month: datetime, share: float, figures: Mapping[tuple[Place, str], float]
) -> None:
    """Write one month of one model version as AWS delivers CARBON_EMISSIONS, in t."""
    rows = []
    for ((account, region, at), product), kg in sorted(figures.items()):
        if at != month:
            continue
        code = region or "Global"
        scope_2, upstream = round(kg * share / KWH, 6), round(kg * share * world.SCOPE_3_SHARE / KWH, 6)
        scope_1, market = round(scope_2 * world.SCOPE_1_SHARE, 6), round(scope_2 * world.MARKET_SHARE, 6)
        values = {
            "total_mbm_emissions": scope_1 + market + upstream,
            "total_lbm_emissions": scope_1 + scope_2 + upstream,
            "total_scope_1_emissions": scope_1,
            "total_scope_2_lbm_emissions": scope_2,
            "total_scope_2_mbm_emissions": market,
            "total_scope_3_lbm_emissions": upstream,
            "total_scope_3_mbm_emissions": upstream,
        }
        rows.append(
            {
                "usage_period_start": f"{month:%Y-%m-%d %H:%M:%S}Z",
                "usage_period_end": f"{next_month(month):%Y-%m-%d %H:%M:%S}Z",
                "payer_account_id": world.PAYER,
                "usage_account_id": account,
                "region_code": code,
                "location": world.LOCATIONS[code],
                "product_code": product,
                "model_version": version,
                "last_refresh_timestamp": {"v3.0.0": "2025-10-22", "v3.0.1": "2026-04-22"}[version] + " 06:00:00Z",
                **{
                    f"{name}_{part}": f"{value:.6f}" if part == "value" else "MTCO2e"
                    for name, value in values.items()
                    for part in ("value", "unit")
                },
            }
        )
    partition = f"carbon_model_version={version}/usage_period={month:%Y-%m}"
    name = "northlight-carbon-00001.csv.gz"
    write_bytes(folder / "data" / partition / name, gzip.compress(csv_bytes(rows), mtime=0))
    manifest = {"executionId": f"{version}-{month:%Y-%m}", "dataFiles": [f"{BUCKET}/carbon/data/{partition}/{name}"]}
    text = json.dumps(manifest, indent=1) + "\n"
    write_bytes(folder / "metadata" / partition / "northlight-carbon-Manifest.json", text.encode())


def write_focus(path: Path) -> None:
    """Write a small FOCUS 1.2 bill of Azure for June."""
    machine = ("Virtual Machines", "Compute", "D4s v5", "1 Hour", 24.0, 0.192, "vm-reports-1")
    second = ("Virtual Machines", "Compute", "B2ms", "1 Hour", 24.0, 0.0832, "vm-jump-1")
    disk = ("Storage", "Storage", "P10 LRS Disk", "1/Month", 1 / 30, 19.71, "disk-reports-1")
    blob = ("Storage", "Storage", "Hot LRS Data Stored", "1 GB/Month", 500 / 30, 0.0184, "northlightblobs")
    rows = []
    for day in range(1, 31):
        for service, category, meter, unit, quantity, price, resource in (machine, second, disk, blob):
            cost = f"{quantity * price:.8f}"
            rows.append(
                {
                    "BillingAccountId": "northlight-enrollment",
                    "BillingCurrency": "EUR",
                    "BilledCost": cost,
                    "EffectiveCost": cost,
                    "BillingPeriodStart": "2025-06-01T00:00:00Z",
                    "BillingPeriodEnd": "2025-07-01T00:00:00Z",
                    "ChargeCategory": "Usage",
                    "ChargeClass": "",
                    "ChargeDescription": f"{meter}, {resource}",
                    "ChargePeriodStart": f"2025-06-{day:02}T00:00:00Z",
                    "ChargePeriodEnd": f"{JUNE.replace(day=day) + 24 * HOUR:%Y-%m-%dT%H:%M:%S}Z",
                    "ConsumedQuantity": f"{quantity:.6f}",
                    "ConsumedUnit": unit,
                    "InvoiceIssuerName": "Microsoft",
                    "ProviderName": "Microsoft",
                    "RegionId": "westeurope",
                    "RegionName": "West Europe",
                    "ResourceId": f"/subscriptions/reports/resourceGroups/bi/{resource}",
                    "ServiceCategory": category,
                    "ServiceName": service,
                    "SkuMeter": meter,
                    "SubAccountId": "/subscriptions/reports",
                    "SubAccountName": "reports",
                    "Tags": '{"team":"bi"}',
                }
            )
    write_csv(path, rows)


def expected_gaps(figures: Mapping[tuple[Place, str], float]) -> list[dict[str, str]]:
    """Return the planted gaps, model minus provider, in kg of scope 2, location-based."""
    by_place: dict[Place, float] = defaultdict(float)
    for (place, _), kg in figures.items():
        by_place[place] += kg
    rows = []
    for (account, region, month), kg in sorted(by_place.items()):
        hidden = world.BILL_BEGINS.get(account)
        if hidden and month == MAY:  # every meter of the account runs evenly through the month
            share = (hidden - MAY) / (next_month(MAY) - MAY)
            rows.append(gap(account, region, month, "timing", -kg * share, 0.1, "10 of 31 days are not on the bill"))
    for ((account, region, month), product), kg in sorted(figures.items()):
        if product in world.UNCOVERED:
            rows.append(gap(account, region, month, "coverage", -kg, 0.05, f"{product}: no model covers it"))
    for month in (MAY, JUNE, JULY):
        meters = [meter for meter in METERS if (meter.account, meter.region) == (ML, "us-west-2")]
        kwh = sum(true_kwh(meter, month) for meter in meters)
        grams = world.NATIONAL_G_CO2E_PER_KWH["us-west-2"] - world.GRID_G_CO2E_PER_KWH["us-west-2"]
        note = "the provider took the national grid in place of the regional one"
        rows.append(gap(ML, "us-west-2", month, "grid_factor", -kwh * grams / KWH, 0.6, note))
    idle = sum(
        true_kwh(meter, JUNE) * world.GRID_G_CO2E_PER_KWH[meter.region] / KWH for meter in METERS if meter.is_idle
    )
    rows.append(gap(WEB, "us-east-1", JUNE, "reserved_idle", -idle, 0.6, "an unused reservation: outside the totals"))
    account, region, month, times = world.NO_CAUSE
    kg = by_place[account, region, month] * (times - 1) / times
    rows.append(gap(account, region, month, "unexplained", -kg, 0.3, "nothing on the bill explains it"))
    return rows


def gap(account: str, region: str, month: datetime, cause: str, kg: float, within: float, note: str) -> dict[str, str]:
    """Return one row of expected.csv. ``within`` is the relative error that two independent estimates may differ by."""
    return {
        "kind": "gap",
        "month": f"{month:%Y-%m}",
        "account": account,
        "region": region or "Global",
        "run_id": "",
        "cause": cause,
        "kg_co2e": f"{kg:.4f}",
        "it_energy_kwh": "",
        "within": f"{within:g}",
        "note": note,
    }


def next_month(month: datetime) -> datetime:
    """Return the first instant of the next month."""
    return month.replace(month=month.month + 1)


def csv_bytes(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Return rows as a comma-separated file with a header."""
    return csv_text(list(rows[0]), rows).encode()


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as a comma-separated file."""
    write_bytes(path, csv_bytes(list(rows)))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "sample_data")
