"""The rules of Azure: each kind of meter on the machine, the disk or the reason that it stands for."""

from typing import Any

import pytest
from rated import add_sku, rate, warehouse

HOURS = 720  # of June


def _rate(service: str, meter: str, unit: str = "Hours", operation: str | None = None, **key: Any) -> dict[str, Any]:
    given = {"provider": "azure", "region_id": "westeurope", "charge_category": "Usage", **key}
    given |= {"service_code": service, "sku_meter": meter, "consumed_unit": unit, "operation": operation}
    with warehouse() as connection:
        return rate(connection, add_sku(connection, **given))


@pytest.mark.parametrize(
    ("meter", "hardware"),
    [
        ("D2s v5", "d2s_v5"),
        ("D2 v3/D2s v3", "d2_v3"),
        ("D2 v3/D2s v3 Spot", "d2_v3"),
        ("DS4 v2 Spot", "ds4_v2"),
        ("D4s v5 Low Priority", "d4s_v5"),
        ("D2 v2/DS2 v2 Promo", "d2_v2"),
        ("E64-16s v4", "e64-16s_v4"),
        ("Standard_B1s", "b1s"),
        ("NC24ads A100 v4", "nc24ads_a100_v4"),
        ("ND96asr A100 v4", "nd96asr_v4"),
        ("NV6ads A10 v5", "nv6ads_a10_v5"),
        ("D2ps v6", "d2ps_v6"),
    ],
)
def test_a_machine_is_read_from_its_meter_whatever_way_it_was_bought(meter: str, hardware: str) -> None:
    found = _rate("Virtual Machines", meter)
    assert found["basis"] == f"instance_curve/azure:{hardware}/used"
    assert (found["disposition"], found["hardware_rung"]) == ("estimated", "type")


def test_a_size_that_is_delivered_goes_before_the_meter() -> None:
    found = _rate("Virtual Machines", "D2 v3/D2s v3", instance_type="Standard_D2s_v3")
    assert found["basis"] == "instance_curve/azure:d2s_v3/used"


@pytest.mark.parametrize(
    ("service", "meter", "key", "gap"),
    [
        ("Virtual Machines", "D2s v5", {"operation": "Dsv5 Series/ComputeHR_SW"}, "licence"),
        ("Virtual Machines Licenses", "2 vCPU VM License", {}, "licence"),
        ("SQL Managed Instance", "vCore", {"operation": "Managed Instance General Purpose - SQL License"}, "licence"),
        ("Virtual Machines", "D2s v5", {"line_type": "UnusedReservation", "capacity_status": "Unused"}, "fee"),
        ("Virtual Machines", "D2s v5", {"line_type": "UnusedSavingsPlan", "capacity_status": "Unused"}, "fee"),
        ("Virtual Machines", "D2s v5", {"line_type": "Purchase", "charge_category": "Purchase"}, "fee"),
        ("Marketplace", "Gold", {}, "marketplace"),
    ],
)
def test_a_price_is_no_machine(service: str, meter: str, key: dict[str, str], gap: str) -> None:
    found = _rate(service, meter, **key)
    assert (found["disposition"], found["gap_reason"]) == ("out_of_scope", gap)


def test_a_capacity_reservation_without_a_machine_holds_one_idle() -> None:
    key = {"operation": "Dv3/DSv3 Series/ComputeCR", "capacity_status": "Unused", "instance_type": "Standard_D2s_v3"}
    found = _rate("Virtual Machines", "D2 v3/D2s v3", **key)
    assert (found["usage_state"], found["disposition"]) == ("reserved_idle", "estimated")
    assert found["compute_it_energy_kwh"] == pytest.approx(2 * 0.532 * 1.2 / 1000)  # Skylake, idle


def test_a_burstable_machine_runs_at_its_documented_baseline() -> None:
    found = _rate("Virtual Machines", "B2s")
    # 40 % of one vCPU over two: 20 % each, .17 + .1 / .4 x .25 = .2325 of Skylake's span
    assert found["compute_it_energy_kwh"] == pytest.approx(2 * (0.532 + 0.2325 * 3.586) * 1.2 / 1000)


@pytest.mark.parametrize(
    ("meter", "unit", "wh_per_tb_h", "gb", "copies"),
    [
        ("P10 LRS Disk", "Units/Month", 1.2, 128, 3),
        ("P10 Disks", "Units/Month", 1.2, 128, 3),
        ("E10 ZRS Disk", "Units/Month", 1.2, 128, 3),
        ("S10 LRS Disk", "Units/Month", 0.65, 128, 3),
        ("P80 LRS Disk", "Units/Month", 1.2, 32767, 3),
        ("Hot LRS Data Stored", "GB/Month", 0.65, 1, 3),
        ("Cool ZRS Data Stored", "GB/Month", 0.65, 1, 3),
        ("Hot RA-GRS Data Stored", "GB/Month", 0.65, 1, 6),
        ("Hot GZRS Data Stored", "GB/Month", 0.65, 1, 6),
        ("Archive LRS Data Stored", "GB/Month", 0.05, 1, 3),
        ("Premium LRS Data Stored", "GB/Month", 1.2, 1, 3),
        ("LRS Snapshots", "GB/Month", 0.65, 1, 3),
        ("Hot LRS Data Stored", "TB/Month", 0.65, 1024, 3),
    ],
)
def test_stored_bytes_by_medium_size_and_copies(
    meter: str, unit: str, wh_per_tb_h: float, gb: float, copies: float
) -> None:
    found = _rate("Storage", meter, unit)
    assert found["it_energy_kwh"] == pytest.approx(HOURS * gb * wh_per_tb_h / 1e6 * 1.5 * copies)


@pytest.mark.parametrize(
    ("service", "meter", "unit", "operation", "it_kwh"),
    [
        ("Container Instances", "Standard vCPU Duration", "Hours", None, 0.003),
        ("Azure Container Apps", "Standard vCPU Active Usage", "Seconds", None, 0.003 / 3600),
        ("Azure Container Apps", "Standard Memory Idle Usage", "GiB Seconds", None, 0.0002 / 3600),
        ("Functions", "Execution Time", "GB Seconds", None, 0.667 * 0.003 * 1.3 / 3600),
        ("Bandwidth", "Intra Continent Data Transfer Out", "GB", "Inter-Region", 0.0015),
        ("Virtual Network", "Intra-Region Egress", "GB", "Peering", 0.001),
        ("Azure Cosmos DB", "Data Stored", "GB/Month", None, HOURS * 1.2 * 1.5 * 4 / 1e6),
        ("SQL Database", "General Purpose Data Stored", "GB/Month", None, HOURS * 1.2 * 1.5 * 3 / 1e6),
        ("SQL Database", "RA-GRS Data Stored", "GB/Month", "PITR Backup Storage", HOURS * 0.65 * 1.5 * 6 / 1e6),
        ("Container Registry", "Premium Registry Unit", "Units/Day", None, 24 * 500 * 0.65 * 1.5 * 3 / 1e6),
    ],
)
def test_a_unit_of_a_service_times_its_coefficients(
    service: str, meter: str, unit: str, operation: str | None, it_kwh: float
) -> None:
    assert _rate(service, meter, unit, operation)["it_energy_kwh"] == pytest.approx(it_kwh)


def test_vcores_and_dtus_are_shares_of_one_documented_machine() -> None:
    vcore = _rate("SQL Managed Instance", "vCore", operation="Managed Instance General Purpose - Compute Gen5")
    two = _rate("Azure Database for MySQL", "2 vCore", operation="Basic - Compute Gen5")
    dtu = _rate("SQL Database", "S3 DTUs", "Units/Day")  # 100 DTUs are a vCore
    # Skylake at 18 %: .17 + .08 / .4 x .25 = .22 of the span
    assert vcore["compute_it_energy_kwh"] == pytest.approx((0.532 + 0.22 * 3.586) * 1.2 / 1000)
    assert two["it_energy_kwh"] == pytest.approx(2 * vcore["it_energy_kwh"])
    assert dtu["it_energy_kwh"] == pytest.approx(24 * vcore["it_energy_kwh"])


def test_premium_and_business_critical_databases_run_on_four_nodes() -> None:
    """One price, four nodes with the database on each; the General Purpose vCore is one machine."""
    vcore = _rate("SQL Database", "vCore", operation="Single/Elastic Pool General Purpose - Compute Gen5")
    critical = _rate("SQL Database", "vCore", operation="Single/Elastic Pool Business Critical - Compute Gen5")
    premium = _rate("SQL Database", "P2 DTUs", "Units/Day", operation="Single Premium")  # 250 DTUs: 2 vCores
    assert critical["it_energy_kwh"] == pytest.approx(4 * vcore["it_energy_kwh"])
    assert premium["it_energy_kwh"] == pytest.approx(24 * 2 * 4 * vcore["it_energy_kwh"])


def test_tens_of_dtus_are_a_tenth_of_a_vcore_each() -> None:
    tens = _rate("SQL Database", "10 DTUs", "Units/Day", operation="Single Standard")
    hundred = _rate("SQL Database", "S3 DTUs", "Units/Day", operation="Single Standard")
    assert 10 * tens["it_energy_kwh"] == pytest.approx(hundred["it_energy_kwh"])


@pytest.mark.parametrize(
    ("service", "meter"),
    [
        ("Azure Machine Learning", "D2 v3 Surcharge"),  # once a second D2 v3
        ("HDInsight", "Kafka Surcharge"),
        ("SQL Database", "S3 Secondary Active DTUs"),  # once 3 vCPUs for 100 DTUs
        ("SQL Database", "S12 Secondary DTUs"),
    ],
)
def test_a_name_that_begins_like_a_size_is_no_machine(service: str, meter: str) -> None:
    assert _rate(service, meter)["disposition"] == "unmodelled"


def test_a_cache_billed_by_the_node_is_one_machine() -> None:
    node = _rate("Redis Cache", "P1 Cache Instance", operation="Azure Redis Cache Premium")
    pair = _rate("Redis Cache", "P1 Cache", operation="Azure Redis Cache Premium")
    assert pair["it_energy_kwh"] == pytest.approx(2 * node["it_energy_kwh"])


@pytest.mark.parametrize(
    ("meter", "gb"),
    [("P30 Disk", 1024), ("P10 - ZRS Disk", 128)],
)
def test_disks_of_a_cluster_are_disks(meter: str, gb: int) -> None:
    # 720 h x 1.2 Wh/TB-h x 1.5 x 3 copies
    kwh = HOURS * gb * 1.2 * 1.5 * 3 / 1e6
    assert _rate("HDInsight", meter, "Units/Month")["it_energy_kwh"] == pytest.approx(kwh)


def test_a_transfer_between_continents_says_where_it_goes_after_its_direction() -> None:
    found = _rate("Bandwidth", "Inter Continent Data Transfer Out - NAM or EU To Any", "GB", "Inter-Region")
    assert found["it_energy_kwh"] == pytest.approx(0.0015)  # not internet


def test_the_gigabytes_of_the_free_grant_are_stored_all_the_same() -> None:
    paid = _rate("SQL Database", "General Purpose Data Stored", "GB/Month")
    free = _rate("SQL Database", "General Purpose Data Stored - Free", "GB/Month")
    assert free["it_energy_kwh"] == pytest.approx(paid["it_energy_kwh"])


def test_a_standard_cache_is_two_machines_and_a_basic_one_is_one() -> None:
    basic = _rate("Redis Cache", "C1 Cache", operation="Azure Redis Cache Basic")
    standard = _rate("Redis Cache", "C1 Cache", operation="Azure Redis Cache Standard")
    assert standard["it_energy_kwh"] == pytest.approx(2 * basic["it_energy_kwh"])
    assert _rate("Redis Cache", "C0 Cache", operation="Azure Redis Cache Basic")["disposition"] == "unmodelled"


@pytest.mark.parametrize(
    ("service", "meter", "reason"),
    [
        ("Bandwidth", "Standard Data Transfer Out", "internet transfer: outside the provider's boundary"),
        ("Bandwidth", "Standard Data Transfer In", "the receiving side of a transfer"),
        ("Storage", "P10 LRS Disk Mount", "a shared disk is mounted once more"),
        ("Storage", "P99 LRS Disk", "unknown size p99"),
        ("Azure Cosmos DB", "100 RU/s", "request units"),
        ("Virtual Network", "Standard IPv4 Static Public IP", "a managed network function"),
        ("Log Analytics", "Analytics Logs Data Ingestion", "ingestion, alerts and queries"),
    ],
)
def test_what_has_no_published_basis_says_why(service: str, meter: str, reason: str) -> None:
    unit = "Units/Month" if "Disk" in meter else "GB"
    found = _rate(service, meter, unit)
    assert found["disposition"] == "unmodelled"
    assert found["gap_reason"].startswith(reason)


def test_the_number_of_an_old_size_is_an_ordinal_and_not_its_vcpus() -> None:
    """A4 has eight vCPUs, A5 two; from their digits they were four and five."""
    with warehouse() as connection:
        sizes = connection.execute(
            "select instance_type, vcpu from factors.instance where provider = 'azure' "
            "and instance_type in ('Standard_A4', 'Standard_A5', 'I3') order by instance_type"
        ).fetchall()
    assert sizes == [("I3", 4), ("Standard_A4", 8), ("Standard_A5", 2)]
    assert _rate("Virtual Machines", "A4")["hardware_rung"] == "type"


def test_a_unit_of_software_is_no_machine() -> None:
    found = _rate("Azure Databricks", "Premium All-purpose Compute DBU", "Hours")
    assert (found["disposition"], found["gap_reason"]) == ("out_of_scope", "licence")
