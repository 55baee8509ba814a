"""Google Cloud SKUs: what each is, how much of it a billed unit measures, and what is not counted a second time.

No real bill is public. The descriptions are those of Google's price list; the lines are constructed.
"""

import csv
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rated import add_sku, rate, warehouse

from models.classify import classify
from models.rates import fill_missing

GIB_HOUR = 2**30 * 3600  # the export counts memory and disks in byte-seconds
INTERNET_OFF = (
    "internet transfer: outside the provider's boundary, 0.001 to 0.059 kWh/GB between sources, not in the total"
)
PEER_ROWS = Path(__file__).parents[1] / "data" / "peer_reference" / "ccf.csv"


def sku(meter: str, service: str = "Compute Engine", unit: str = "seconds", **key: Any) -> dict[str, Any]:
    """The key of a line of the detailed export, in Belgium unless told otherwise."""
    found = {
        "provider": "gcp", "region_id": "europe-west1", "service_name": service, "service_code": "6F81-5844-456A",
        "sku_meter": meter, "operation": "2E27-4F75-95CD", "consumed_unit": unit, "line_type": "regular",
        "charge_category": "Usage",
    }  # fmt: skip
    return {**found, **key}


def class_of(connection: duckdb.DuckDBPyConnection, **key: Any) -> dict[str, Any]:
    """What the rules say of a key."""
    sku_id = add_sku(connection, **key)
    classify(connection)
    result = connection.execute("select * from core.sku_class where sku_id = ?", [sku_id])
    names = [column[0] for column in result.description or ()]
    return dict(zip(names, result.fetchall()[0], strict=True))


def test_core_seconds_and_memory_byte_seconds_of_n2_standard_4_are_the_whole_machine() -> None:
    with warehouse() as connection:
        key = {"instance_type": "n2-standard-4"}
        core = rate(connection, add_sku(connection, **sku("N2 Instance Core running in Belgium", **key)))
        ram = rate(
            connection, add_sku(connection, **sku("N2 Instance Ram running in Belgium", unit="byte-seconds", **key))
        )
        sku_id = add_sku(connection, **sku("N2 Instance Core running in Belgium", **key))
        classify(connection)
        connection.execute(
            "update core.sku_class set method = 'instance_curve', basis = 'instance_curve/gcp:n2-standard-4/used' "
            "where sku_id = ?",
            [sku_id],
        )
        whole = rate(connection, sku_id)
    # 14400 vCPU-seconds and 16 GiB-hours. Ice Lake 0.924 to 4.099 W per thread, f10 .17, f50 .42: at 18 % .22
    # of the span. 4 x (0.924 + .22 x 3.175) x 1.2 = 7.788 W. 4 threads hold 6.4 GiB, and a GiB above draws
    # 0.12 + .18 x (0.4 - 0.12) = 0.1704 W: (16 - 6.4) x 0.1704 x 1.2 = 1.963008 W.
    assert 14400 * core["it_energy_kwh"] == pytest.approx(7.788 / 1000)
    assert 16 * GIB_HOUR * ram["it_energy_kwh"] == pytest.approx(1.963008 / 1000)
    for name in ("it_energy_kwh", "location_based_kg_co2e", "embodied_kg_co2e"):
        sum_of_parts = 14400 * core[name] + 16 * GIB_HOUR * ram[name]
        assert sum_of_parts == pytest.approx(3600 * whole[name], rel=1e-12), name


def test_each_family_is_told_by_its_core_and_ram_skus() -> None:
    bundled = ("a4", "a4x", "ct4p", "ct5lp", "ct5p", "ct6e", "tpu7x", "f1", "g1", "cloud-sql", "memorystore")
    with warehouse() as connection:
        rows = connection.execute("select distinct family from factors.instance where provider = 'gcp'").fetchall()
        families = sorted(family for (family,) in rows if family not in bundled)
        assert len(families) > 25
        expected = {}
        for family, (part, unit, method), prefix in product(
            families,
            (("Core", "seconds", "instance_vcpu"), ("Ram", "byte-seconds", "instance_memory")),
            ("", "Spot Preemptible "),
        ):
            meter = f"{prefix}{family.upper()} AMD Instance {part} running in Paris"
            expected[add_sku(connection, **sku(meter, unit=unit))] = (method, family, 1)
        classify(connection)
        found = connection.execute("select sku_id, method, hardware, machines from core.sku_class").fetchall()
    assert {sku_id: (method, hardware, machines) for sku_id, method, hardware, machines in found} == expected


@pytest.mark.parametrize(
    ("meter", "instance_type", "hardware"),
    [
        ("N1 Predefined Instance Core running in Americas", "n1-standard-4", "n1-standard-4"),
        ("Custom Instance Core running in Americas", "custom-4-16384", "custom-4-16384"),
        ("Custom Extended Instance Ram running in Americas", None, "n1"),
        ("N2 Custom Instance Core running in Americas", "n2-custom-4-16384", "n2-custom-4-16384"),
        ("Compute optimized Core running in Virginia", None, "c2"),
        ("Compute optimized Instance Ram running in Mexico", None, "c2"),
        ("Compute-optimized Sole Tenancy Instance Core running in Paris", None, "c2"),
        ("Memory-optimized Instance Core running in Tokyo", "m2-ultramem-416", "m2-ultramem-416"),
        ("M3 Memory-optimized Instance Core running in Americas", None, "m3"),
        ("M4Ultramem224 Instance Ram running in Americas", None, "m4"),
        ("Spot Preemptible A3Plus Instance Core running in Americas", None, "a3"),
        ("T2A Arm Instance Core running in Americas", None, "t2a"),
        ("Sole Tenancy Instance Core running in Seoul", None, "n1"),
        ("C3 Sole Tenancy Instance Core running in Americas", None, "c3"),
    ],
)
def test_a_machine_is_the_labelled_type_else_the_family_of_the_sku(
    meter: str, instance_type: str | None, hardware: str
) -> None:
    unit = "byte-seconds" if " Ram " in meter else "seconds"
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **sku(meter, unit=unit, instance_type=instance_type)))
        held = connection.execute("select hardware from core.sku_class").fetchall()
    assert held == [(hardware,)]
    assert found["hardware_rung"] == "type"


@pytest.mark.parametrize(
    ("meter", "board"),
    [
        ("Nvidia Tesla K80 GPU running in Americas", "nvidia k80 (half board)"),
        ("Nvidia Tesla T4 GPU attached to Spot Preemptible VMs running in Netherlands", "nvidia t4"),
        ("Nvidia L4 GPU running in Dallas", "nvidia l4"),
        ("Nvidia Tesla A100 GPU running in Americas", "nvidia a100 40gb sxm4"),
        ("Nvidia Tesla A100 80GB GPU running in Americas", "nvidia a100 80gb sxm4"),
        ("Nvidia H100 80GB Plus GPU running in Americas", "nvidia h100 80gb sxm5"),
        ("Vertex AI: Online/Batch Prediction Nvidia H100 80gb GPU running in Iowa", "nvidia h100 80gb sxm5"),
        ("H200 141GB GPU running in Belgium", "nvidia h200 141gb sxm"),
        ("RTX 6000 96GB running in Oregon", "nvidia rtx pro 6000 blackwell server"),
    ],
)
def test_a_board_goes_by_its_name_and_stands_beside_core_and_ram(meter: str, board: str) -> None:
    with warehouse() as connection:
        found = class_of(connection, **sku(meter))
    assert (found["method"], found["hardware"], found["machines"]) == ("instance_accelerator", board, 1)


def test_a_gpu_slice_is_an_eighth_of_its_machine_since_no_core_line_stands_beside_it() -> None:
    with warehouse() as connection:
        found = class_of(connection, **sku("Spot Preemptible A4 Nvidia B200 (1 gpu slice) running in Americas"))
    assert (found["method"], found["hardware"], found["machines"]) == ("instance_curve", "a4-highgpu-8g", 0.125)


@pytest.mark.parametrize(
    ("meter", "hardware", "machines"),
    [
        ("Tpu-v3 Iowa", "google tpu v3 chip", 4),  # a device of four chips
        ("TpuV5e attached to Spot Preemptible VMs running in Las Vegas", "ct5lp-hightpu-1t", 1),
        ("Reserved V6e TPU in Columbus in Calendar Mode", "ct6e-standard-1t", 1),
        ("TpuV5p running in Columbus", "ct5p-hightpu-4t", 0.25),
    ],
)
def test_a_tpu_is_counted_in_chips(meter: str, hardware: str, machines: float) -> None:
    with warehouse() as connection:
        found = class_of(connection, **sku(meter, "Cloud TPU"))
    assert (found["hardware"], found["machines"]) == (hardware, machines)


@pytest.mark.parametrize(
    ("meter", "service", "unit", "billed", "it_kwh"),
    [
        # 1 vCPU for an hour is 1000 thousandths x 3600 s: 3 Wh
        ("Autopilot Pod mCPU Requests (us-central1)", "Kubernetes Engine", "seconds", 3.6e6, 0.003),
        ("Autopilot Arm Pod CPU (us-central1)", "Kubernetes Engine", "seconds", 3600, 0.0013),
        ("Autopilot Pod Memory Requests (us-central1)", "Kubernetes Engine", "byte-seconds", GIB_HOUR, 0.0002),
        # while requests run, with the slack of warm capacity: 3 x 1.3 Wh; whole instances: 3 Wh
        ("Services CPU (Request-based billing)", "Cloud Run", "seconds", 3600, 0.0039),
        ("Services CPU Tier 2 (Request-based billing)", "Cloud Run", "seconds", 3600, 0.0039),
        ("Services CPU (Instance-based billing) in Iowa", "Cloud Run", "seconds", 3600, 0.003),
        ("CPU Allocation Time (2nd Gen)", "Cloud Functions", "seconds", 3600, 0.0039),
        ("Services Memory (Request-based billing)", "Cloud Run", "byte-seconds", GIB_HOUR, 0.0002),
        # 2.4 GHz are a vCPU: 2.4 x 0.417 = 1.0008
        ("CPU Time", "Cloud Functions", "seconds", 2.4 * 3600, 0.003 * 1.3 * 1.0008),
        # F1 at 600 MHz: 0.6 x 0.417 x 3 Wh
        ("Frontend Instances", "App Engine", "seconds", 3600, 0.6 * 0.417 * 0.003),
        ("BigQuery Enterprise Edition for Iowa", "BigQuery Reservation API", "seconds", 3600, 0.003),
        # 1 GiB for an hour: 1.2 Wh/TB-h x 1.5 x copies
        ("SSD backed PD Capacity", "Compute Engine", "byte-seconds", GIB_HOUR, 1.2e-6 * 1.5 * 2),
        ("Regional Balanced PD Capacity in Tokyo", "Compute Engine", "byte-seconds", GIB_HOUR, 1.2e-6 * 1.5 * 4),
        ("Storage PD Capacity", "Compute Engine", "byte-seconds", GIB_HOUR, 0.65e-6 * 1.5 * 2),
        ("SSD backed Local Storage", "Compute Engine", "byte-seconds", GIB_HOUR, 1.2e-6),
        ("Storage PD Snapshot in US", "Compute Engine", "byte-seconds", GIB_HOUR, 0.65e-6 * 1.5 * 4),
        ("Archive Storage Iowa", "Cloud Storage", "byte-seconds", GIB_HOUR, 0.65e-6 * 1.5 * 2),
        ("Nearline Storage EU Multi-region", "Cloud Storage", "byte-seconds", GIB_HOUR, 0.65e-6 * 1.5 * 4),
        ("Long Term Physical Storage (eu)", "BigQuery", "byte-seconds", GIB_HOUR, 0.65e-6 * 1.5 * 2),
        # a standby holds the same again
        ("Redis Capacity Basic M1 Iowa", "Cloud Memorystore for Redis", "byte-seconds", GIB_HOUR, 0.0002),
        ("Redis Capacity Standard M1 Iowa", "Cloud Memorystore for Redis", "byte-seconds", GIB_HOUR, 0.0004),
        ("Network Inter Zone Data Transfer Out", "Compute Engine", "bytes", 2**30, 0.001),
        ("Network Inter Region Data Transfer Out from Americas to Virginia", "Compute Engine", "bytes", 2**30, 0.0015),
    ],
)  # fmt: skip
def test_a_billed_amount_is_turned_into_its_physical_quantity(
    meter: str, service: str, unit: str, billed: float, it_kwh: float
) -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **sku(meter, service, unit)))
    assert billed * found["it_energy_kwh"] == pytest.approx(it_kwh)


def test_a_pricing_unit_measures_the_same_as_the_base_unit() -> None:
    with warehouse() as connection:
        base = rate(connection, add_sku(connection, **sku("Balanced PD Capacity", unit="byte-seconds")))
        month = rate(connection, add_sku(connection, **sku("Balanced PD Capacity", unit="gibibyte month")))
    # June: 720 h x 3600 s
    assert month["it_energy_kwh"] == pytest.approx(720 * GIB_HOUR * base["it_energy_kwh"])


@pytest.mark.parametrize("part", ["vCPU", "RAM", "2 vCPU + 7.5GB RAM", "Micro instance", "Enterprise Plus N vCPU"])
def test_a_regional_database_has_two_machines(part: str) -> None:
    unit = "byte-seconds" if part == "RAM" else "seconds"
    with warehouse() as connection:
        zonal, regional = (
            rate(
                connection,
                add_sku(connection, **sku(f"Cloud SQL for MySQL: {word} - {part} in Iowa", "Cloud SQL", unit)),
            )
            for word in ("Zonal", "Regional")
        )
    assert regional["it_energy_kwh"] == pytest.approx(2 * zonal["it_energy_kwh"])
    assert zonal["it_energy_kwh"] > 0


def test_the_shape_of_a_database_is_that_machine_of_n1() -> None:
    with warehouse() as connection:
        meter = "Cloud SQL for PostgreSQL: Zonal - 4 vCPU + 15GB RAM in Americas"
        shape = rate(connection, add_sku(connection, **sku(meter, "Cloud SQL")))
    # Skylake 0.532 to 4.118 W: 4 x (0.532 + .22 x 3.586) x 1.2 = 6.340416 W; 4 threads hold 4 x 96 / 56 GiB:
    # (15 - 6.857143) x 0.1704 x 1.2 W
    assert 3600 * shape["it_energy_kwh"] == pytest.approx((6.340416 + (15 - 4 * 96 / 56) * 0.1704 * 1.2) / 1000)


def test_what_a_reservation_holds_and_nobody_uses_is_idle_and_apart() -> None:
    with warehouse() as connection:
        key = {"instance_type": "n2-standard-4"}
        meter = "N2 Instance Core running in Belgium"
        used = rate(connection, add_sku(connection, **sku(meter, **key)))
        idle = rate(connection, add_sku(connection, **sku(meter, capacity_status="Unused", **key)))
    assert (used["usage_state"], idle["usage_state"]) == ("used", "reserved_idle")
    # 0.924 W x 1.2 per vCPU
    assert 3600 * idle["it_energy_kwh"] == pytest.approx(0.924 * 1.2 / 1000)


@pytest.mark.parametrize(
    ("meter", "service", "reason"),
    [
        (
            "Memory Optimized Upgrade Premium for Memory-optimized Instance Core running in Tokyo",
            "Compute Engine",
            "fee",
        ),
        ("Sole Tenancy Premium for N1 Sole Tenancy Instance Core running in Iowa", "Compute Engine", "fee"),
        ("Committed Use Discount Premium for E2 Custom Instance Core running in Johannesburg", "Compute Engine", "fee"),
        ("Commitment v1: N2 Cpu in Americas for 1 Year", "Compute Engine", "fee"),
        ("Commitment - dollar based v1: GCE for 1 year", "Compute Engine", "fee"),
        ("Vertex AI: Training/Pipelines Management fee on N1 Instance Core in Iowa", "Vertex AI", "fee"),
        ("Autopilot PD Balanced Premium (asia-east1)", "Kubernetes Engine", "fee"),
        ("Licensing Fee for Google Cloud Dataproc (CPU cost)", "Cloud Dataproc", "fee"),
        ("Licensing Fee for Debian 10 Buster (RAM cost)", "Compute Engine", "licence"),
        ("Nearline Storage Iowa (Early Delete)", "Cloud Storage", "fee"),
    ],
)
def test_a_price_on_top_of_a_machine_is_no_second_machine(meter: str, service: str, reason: str) -> None:
    with warehouse() as connection:
        found = class_of(connection, **sku(meter, service))
    assert (found["disposition"], found["gap_reason"]) == ("out_of_scope", reason)


@pytest.mark.parametrize(
    ("meter", "service", "unit", "reason"),
    [
        ("Network Inter Zone Ingress", "Compute Engine", "bytes", "receiving side"),
        ("Network Internet Data Transfer In from EMEA to Virginia", "Compute Engine", "bytes", "receiving side"),
        ("Network Internet Data Transfer Out from Taiwan to Apac", "Compute Engine", "bytes", INTERNET_OFF),
        ("Download Worldwide Destinations (excluding Asia & Australia)", "Cloud Storage", "bytes", INTERNET_OFF),
        ("External IP Charge on a Standard VM", "Compute Engine", "seconds", "network appliance"),
        ("Networking Cloud Nat Gateway Uptime", "Networking", "seconds", "network appliance"),
        ("Hyperdisk Balanced IOPS in Iowa", "Compute Engine", "seconds", "provisioned performance"),
        ("Regional Standard Class A Operations", "Cloud Storage", "count", "requests"),
        ("Analysis (eu)", "BigQuery", "bytes", "bytes scanned"),
        ("Regional Cloud Spanner Server Node in Iowa", "Cloud Spanner", "seconds", "machines behind them"),
        ("Server Node (us-central1)", "Cloud Bigtable", "seconds", "machines behind them"),
        ("Tpu-v2 Pod Iowa", "Cloud TPU", "seconds", "slices of a v2 or v3 Pod"),
        ("N2 Instance Core running in Belgium", "Compute Engine", "requests", "unit requests is no measure of vcpu_h"),
        ("Quantum Core-hours", "Cloud Quantum", "seconds", "no model for Cloud Quantum yet"),
    ],
)
def test_what_has_no_published_physical_basis_says_so(meter: str, service: str, unit: str, reason: str) -> None:
    with warehouse() as connection:
        found = class_of(connection, **sku(meter, service, unit))
    assert found["disposition"] == "unmodelled"
    assert reason in found["gap_reason"]


def test_internet_transfer_counts_while_its_switch_is_on() -> None:
    with warehouse() as connection:
        connection.execute("insert or replace into core.setting values ('internet_transfer', 'true')")
        meter = "Network Internet Egress from Americas to China"
        found = rate(connection, add_sku(connection, **sku(meter, unit="bytes")))
    assert 2**30 * found["network_it_energy_kwh"] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("line_type", "charge_category", "disposition"),
    [
        ("regular", "Usage", "estimated"),
        ("tax", "Tax", "out_of_scope"),
        ("adjustment", "Adjustment", "out_of_scope"),
        ("rounding_error", "Adjustment", "out_of_scope"),
        ("novelty", "Usage", "unmodelled"),
    ],
)
def test_a_cost_type_that_is_not_usage_never_gets_energy(
    line_type: str, charge_category: str, disposition: str
) -> None:
    with warehouse() as connection:
        key = {"line_type": line_type, "charge_category": charge_category}
        found = class_of(connection, **sku("N2 Instance Core running in Belgium", **key))
    assert found["disposition"] == disposition


def test_every_peer_row_of_google_cloud_has_a_figure_or_a_reason_of_its_own() -> None:
    with PEER_ROWS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["provider"] == "GCP"]
    with warehouse() as connection:
        for row in rows:
            key = sku(row["usage_type"], row["service_name"], row["usage_unit"], region_id=row["region"])
            add_sku(connection, **{**key, "instance_type": row["vcpus_or_machine_type"] or None})
        connection.begin()
        fill_missing(connection)
        found = connection.execute("select disposition, gap_reason from core.sku_class").fetchall()
    reasons = [reason for disposition, reason in found if disposition != "estimated"]
    # 71 rows: 61 with a figure; two transfers to the internet, one received, two appliances, requests, scanned bytes,
    # messages, logs, and the surcharge of Dataproc without one
    assert (len(found), len(reasons)) == (71, 10)
    assert not [reason for reason in reasons if "no model" in reason or "without a rule" in reason]


def test_software_of_a_partner_is_out_of_scope_and_a_model_that_google_runs_for_one_is_not() -> None:
    with warehouse() as connection:
        software = class_of(connection, **sku("Scanner vCPU hours", "Partner Scanner", "h", line_type="marketplace"))
        model = class_of(
            connection, **sku("Claude Sonnet 4 Input Tokens", "Vertex AI", "count", line_type="marketplace")
        )
    assert (software["disposition"], software["gap_reason"]) == ("out_of_scope", "marketplace")
    assert (model["disposition"], model["rule_id"]) == ("estimated", "vertex-input")


@pytest.mark.parametrize(
    ("meter", "service", "unit", "rule"),
    [
        ("N5 Instance Core running in Americas", "Compute Engine", "seconds", "gcp-gce-other"),  # once an N1
        ("Spot Preemptible Custom Instance Core running in Iowa", "Compute Engine", "seconds", "gcp-gce-n1-core"),
        ("Archive Snapshot early deletion fee in Iowa", "Compute Engine", "byte-seconds", "gcp-early-delete"),
        ("Networking Traffic Egress GCP Replication within Asia", "Cloud Storage", "bytes", "gcp-network-region"),
        ("Cloud Run functions CPU (Request-based billing) in us-east1", "Cloud Run", "seconds", "gcp-run-cpu"),
        ("Cloud Run functions (1st Gen) CPU (Request-based billing)", "Cloud Run", "seconds", "gcp-functions-cpu"),
        ("Storage PD SSD for HA Postgres DB in Mumbai", "Cloud SQL", "byte-seconds", "gcp-sql-ssd-ha"),
        ("Storage PD SSD for DB in Americas", "Cloud SQL", "byte-seconds", "gcp-sql-ssd"),
        ("BigQuery Storage API - Write (us-central1)", "BigQuery", "bytes", "gcp-bigquery-scan"),
    ],
)  # fmt: skip
def test_names_of_the_price_list_are_read_as_what_they_are(meter: str, service: str, unit: str, rule: str) -> None:
    with warehouse() as connection:
        assert class_of(connection, **sku(meter, service, unit))["rule_id"] == rule


def test_a_multi_region_of_spanner_holds_five_copies_whichever_way_its_sku_is_named() -> None:
    with warehouse() as connection:
        many = rate(connection, add_sku(connection, **sku(
            "Storage for Multi-Region Configuration (Asia-Pacific)", "Cloud Spanner", "byte-seconds")))  # fmt: skip
    # 1.2 Wh/TB-h x 1.5 x 5 copies
    assert GIB_HOUR * many["it_energy_kwh"] == pytest.approx(1.2 * 1.5 * 5 / 1e6)
