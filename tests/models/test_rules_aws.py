"""Lines of AWS: what each meter is, in the words of a Cost and Usage Report and of FOCUS, and what it draws.

Figures are kWh of IT energy per billed unit, from the rate card of June 2023: 720 hours.
"""

from typing import Any

import pytest
from rated import add_sku, ec2, rate, warehouse

from models.classify import classify


def _rate(service: str, meter: str, unit: str, **key: Any) -> dict[str, Any]:
    with warehouse() as connection:
        sku_id = add_sku(connection, service_code=service, sku_meter=meter, consumed_unit=unit, **key)
        return rate(connection, sku_id)


def _kwh(service: str, meter: str, unit: str, **key: Any) -> Any:
    return _rate(service, meter, unit, **key)["it_energy_kwh"]


def _instance_kwh(instance_type: str) -> float:
    with warehouse() as connection:
        found: float = rate(connection, add_sku(connection, **ec2(instance_type)))["it_energy_kwh"]
    return found


def _rule(**key: Any) -> Any:
    with warehouse() as connection:
        add_sku(connection, charge_category="Usage", **key)
        classify(connection)
        return connection.execute("select rule_id from core.sku_class").fetchall()[0][0]


@pytest.mark.parametrize(
    ("service", "meter", "unit", "instance_type", "machines"),
    [
        ("AmazonElastiCache", "EUW1-NodeUsage:cache.r6g.large", "Hrs", "r6g.large", 1),
        ("AmazonMemoryDB", "USE1-NodeUsage:db.r6g.large", "Hrs", "r6g.large", 1),
        ("AmazonDAX", "EUW3-NodeUsage:dax.t3.small", "Hrs", "t3.small", 1),
        ("AmazonES", "EUW3-ESInstance:r6g.large.search", "Hrs", "r6g.large", 1),
        ("AmazonMSK", "USE1-Kafka.m5.large", "Hrs", "m5.large", 1),
        ("AmazonMSK", "USE1-Kafka.express.m7g.large", "Hrs", "m7g.large", 1),
        ("AmazonMQ", "USE1-mq.m5.large", "Hrs", "m5.large", 1),
        ("AmazonDocDB", "InstanceUsage:db.r5.large", "Hrs", "r5.large", 1),
        ("AmazonNeptune", "InstanceUsageIOOptimized:db.r5.large", "Hrs", "r5.large", 1),
        ("AWSDatabaseMigrationSvc", "APS3-InstanceUsg:dms.r5.2xlarge", "Hrs", "r5.2xlarge", 1),
        ("AmazonSageMaker", "USE1-Studio:KernelGateway-ml.m5.large", "Hrs", "m5.large", 1),
        ("AmazonSageMaker", "USE1-Train:ml.trn1.32xlarge", "Hrs", "trn1.32xlarge", 1),
        ("AmazonSageMaker", "USE1-Host:ml.inf2.xlarge", "Hrs", "inf2.xlarge", 1),
        ("AmazonLightsail", "USE1-BundleUsage:2GB", "Hrs", "t3.small", 1),
        # a primary and its standby; a writer and two readable standbys
        ("AmazonRDS", "USE2-Multi-AZUsage:db.m5.large", "Hrs", "m5.large", 2),
        ("AWSDatabaseMigrationSvc", "APS3-Multi-AZUsg:dms.r5.2xlarge", "Hrs", "r5.2xlarge", 2),
        ("AmazonRDS", "USE2-Multi-AZClusterUsage:db.m5.large", "Hrs", "m5.large", 3),
    ],
)
def test_a_machine_of_a_service_is_the_ec2_machine_of_its_name(
    service: str, meter: str, unit: str, instance_type: str, machines: int
) -> None:
    assert _kwh(service, meter, unit) == pytest.approx(machines * _instance_kwh(instance_type))


def test_a_node_billed_by_the_second_draws_a_3600th_of_its_hour() -> None:
    hour = _kwh("AmazonRedshift", "Node:ra3.4xlarge", "Hrs")
    assert _kwh("AmazonRedshift", "Node:ra3.4xlarge", "seconds") == pytest.approx(hour / 3600)


@pytest.mark.parametrize(
    ("service", "meter", "unit", "vcpu", "memory_gib"),
    [
        ("AWSGlue", "USE1-ETL-DPU-Hour", "DPU-Hour", 4, 16),
        ("AmazonAthena", "USE1-CodeExecutionInDPUHours", "DPU-Hour", 4, 16),
        ("AmazonKinesisAnalytics", "USE1-KPU-Hour-Java", "KPU-Hour", 1, 4),
        ("AmazonMSK", "USE1-Kafka.mcu.general", "MCU-Hours", 1, 4),
        ("AmazonEKS", "USE2-AmazonEKS-Hours:perCluster", "Hours", 10, 40),
    ],
)
def test_a_unit_with_documented_vcpus_and_memory_is_a_generic_machine_of_that_size(
    service: str, meter: str, unit: str, vcpu: int, memory_gib: int
) -> None:
    # generic-x86 at 18 % load: 0.551 + (0.18 + 0.2 x 0.26) x 2.517 = 1.1349 W per vCPU; 128 GB / 96 threads = 1.333
    # GiB of it are inside that figure, the rest is 0.12 + 0.18 x 0.28 = 0.1704 W/GiB; x 1.2 host overhead.
    w = (vcpu * 1.134944 + (memory_gib - vcpu * 128 / 96) * 0.1704) * 1.2
    assert _kwh(service, meter, unit) == pytest.approx(w / 1000)


@pytest.mark.parametrize(
    ("service", "meter", "unit", "gib"),
    [
        ("AmazonRDS", "APS3-Aurora:ServerlessV2Usage", "ACU-Hr", 2),
        ("AmazonNeptune", "APS2-Neptune:ServerlessUsage", "NCU-hr", 2),
        ("AmazonES", "USE1-IndexingOCU", "OCU-Hours", 6),
        ("AmazonRedshift", "USE1-Redshift:ServerlessUsage", "RPU-Hr", 16),
    ],
)
def test_a_capacity_unit_is_its_memory_with_the_cpu_that_goes_with_it(
    service: str, meter: str, unit: str, gib: int
) -> None:
    # 1/8 vCPU x 3 Wh + (1 - 1.5/8) GiB x 0.17 Wh = 0.51 Wh per GiB-hour, from 0.16 to 1.7
    found = _rate(service, meter, unit)
    assert found["it_energy_kwh"] == pytest.approx(gib * 0.00051)
    assert found["it_energy_kwh_low"] == pytest.approx(gib * 0.00016)
    assert found["it_energy_kwh_high"] == pytest.approx(gib * 0.0017)
    assert found["quality"] == 4


@pytest.mark.parametrize(
    ("service", "meter", "wh_per_tb_h", "copies"),
    [
        ("AmazonS3", "TimedStorage-ByteHrs", 0.65, 3),
        ("AmazonS3", "TimedStorage-ZIA-ByteHrs", 0.65, 2),
        ("AmazonS3", "TimedStorage-GDA-ByteHrs", 0.05, 3),
        ("AmazonEC2", "EBS:VolumeUsage.gp3", 1.2, 2),
        ("AmazonEC2", "EBS:SnapshotUsage", 0.65, 3),
        ("AmazonEFS", "TimedStorage-ByteHrs", 1.2, 3),
        ("AmazonEFS", "IATimedStorage-ET-ByteHrs", 0.65, 3),
        ("AmazonEFS", "IATimedStorage-Z-ByteHrs", 0.65, 2),
        ("AmazonFSx", "Storage.SAZ_2N:SSD", 1.2, 2),
        ("AmazonFSx", "Storage.MultiAZ:HDD", 0.65, 4),
        ("AmazonRDS", "RDS:Multi-AZCluster-GP3-Storage", 1.2, 6),
        ("AmazonRDS", "Aurora:StorageUsage", 1.2, 6),
        ("AmazonNeptune", "StorageUsage", 1.2, 6),
        ("AmazonDynamoDB", "TimedStorage-ByteHrs", 1.2, 3),
        ("AmazonRedshift", "RMS:ra3.4xlarge", 0.65, 3),
        ("AmazonES", "ES:Managed-Storage", 0.65, 3),
        ("AmazonMSK", "Kafka.Storage.GP2", 1.2, 2),  # the replicas of a topic are billed volumes too
        ("AmazonMSK", "Express.Storage", 1.2, 3),
        ("AmazonMQ", "TimedStorage-ByteHrs", 1.2, 3),
        ("AmazonECR", "TimedStorage-ByteHrs", 0.65, 3),
        ("AWSBackup", "WarmStorage-ByteHrs-EFS", 0.65, 3),
        ("AWSBackup", "ColdStorage-ByteHrs-EFS", 0.05, 3),
        ("AWSStorageGateway", "Gateway:VTL-Storage", 0.65, 3),
        ("AmazonCloudWatch", "TimedStorage-ByteHrs", 0.65, 3),
        ("AmazonSageMaker", "Notebk:VolumeUsage.gp2", 1.2, 2),
    ],
)
def test_stored_bytes_rest_on_their_medium_and_copies(
    service: str, meter: str, wh_per_tb_h: float, copies: int
) -> None:
    # medium x 1.5 server overhead x copies x 720 h / 10^6
    found = _kwh(service, meter, "GB-Mo")
    assert found == pytest.approx(wh_per_tb_h * 1.5 * copies * 720 / 1e6)


@pytest.mark.parametrize(
    ("meter", "kwh"),
    [
        ("Lambda-GB-Second", 0.003 * 0.579 * 1.3 / 3600),  # 3 Wh per vCPU-hour x 0.579 vCPU per GiB x 1.3 warm slack
        ("Lambda-Provisioned-Concurrency", 0.0002 / 3600),  # memory that is held
        ("Lambda-Storage-GB-Second", 1.2e-6 * 1.5 / 3600),  # one copy on SSD
    ],
)
def test_a_gb_second_of_a_function_is_cpu_memory_or_disk(meter: str, kwh: float) -> None:
    assert _kwh("AWSLambda", meter, "Lambda-GB-Second") == pytest.approx(kwh)


def test_a_build_of_one_minute_is_a_60th_of_its_machine_hour() -> None:
    # 2 vCPU and 4 GiB: (2 x 1.1349 + (4 - 2 x 1.333) x 0.1704) W x 1.2 = 2.997 W
    assert _kwh("CodeBuild", "USE1-Build-Min:Linux:g1.small", "minutes") == pytest.approx(2.997e-3 / 60, rel=1e-3)


def test_a_size_that_no_list_names_is_found_by_its_family_and_says_so() -> None:
    # or1.large is 2 of the 64 vCPUs of or1.16xlarge: generic Arm at 18 % load,
    # 2 x (0.325 + (0.18 + 0.2 x 0.26) x 1.483) W and (16 - 2 x 4) GiB x 0.1704 W, x 1.2
    found = _rate("AmazonES", "EUC2-ESInstance:or1.large.search", "Hrs", instance_type="or1.large.search")
    assert found["hardware_rung"] == "family"
    assert found["it_energy_kwh"] == pytest.approx((2 * 0.6691 + 8 * 0.1704) * 1.2e-3, rel=1e-3)


# Words of FOCUS: service names spelled out, units in the plural.
@pytest.mark.parametrize(
    ("service_name", "sku_meter", "consumed_unit", "rule_id"),
    [
        ("Amazon ElastiCache", "NodeUsage:cache.r6g.large", "Hours", "elasticache-node"),
        ("Amazon OpenSearch Service", "EUW3-ESInstance:r6g.large.search", "Hours", "opensearch-instance"),
        ("Amazon SageMaker AI", "USE1-Notebk:ml.t3.medium", "Hours", "sagemaker-instance"),
        ("Amazon DocumentDB (with MongoDB compatibility)", "USE1-StorageUsage", "GB-Months", "docdb-storage"),
        ("Amazon Managed Streaming for Apache Kafka", "USE1-Kafka.m5.large", "Hours", "msk-broker"),
        ("Amazon Elastic File System", "TimedStorage-ByteHrs", "GB-Months", "efs-standard"),
        ("Amazon Elastic Kubernetes Service", "AmazonEKS-Hours:perCluster", "Hours", "eks-control-plane"),
        ("Amazon EC2 Container Registry (ECR)", "TimedStorage-ByteHrs", "GB-Months", "ecr-storage"),
        ("Amazon Virtual Private Cloud", "PublicIPv4:InUseAddress", "Hours", "network-appliance"),
        ("Amazon CloudFront", "US-DataTransfer-Out-Bytes", "GB", "internet-transfer-off"),
    ],
)
def test_a_focus_line_of_a_service_is_told_by_its_words(
    service_name: str, sku_meter: str, consumed_unit: str, rule_id: str
) -> None:
    assert _rule(service_name=service_name, sku_meter=sku_meter, consumed_unit=consumed_unit) == rule_id


@pytest.mark.parametrize(
    ("service", "meter", "reason"),
    [
        ("AmazonAthena", "APS3-DataScannedInTB", "bytes scanned: no published energy per TB"),
        ("AmazonWorkSpaces", "AW-HW-User-Usage", "desktop bundle: the meter names no hardware"),
        ("AmazonEFS", "ETDataAccess-Bytes", "throughput: no published energy per GB read or written"),
        ("AmazonS3", "EarlyDelete-SIA", "a charge for bytes that are no longer stored"),
        ("AmazonS3", "TimedStorage-SIA-SmObjects", "a billing minimum, not stored bytes"),
        (
            "AWSLambda",
            "Lambda-SnapStart-Cached-GB-Second",
            "cached snapshot of a function: its medium and copies are not documented",
        ),
        (
            "AmazonEC2",
            "USE2-CapacityBlock:p5.48xlarge",
            "the price of a capacity block, paid in advance: the hours of its instances are on lines of their own",
        ),
        (
            "AmazonSageMaker",
            "USE1-Canvas:Session-Hrs",
            "AmazonSageMaker meter that names no machine with published hardware",
        ),
    ],
)
def test_what_has_no_published_basis_says_why(service: str, meter: str, reason: str) -> None:
    found = _rate(service, meter, "Count")
    assert (found["disposition"], found["gap_reason"], found["it_energy_kwh"]) == ("unmodelled", reason, None)


@pytest.mark.parametrize(
    ("service", "meter"),
    [
        ("AWSLambda", "USE2-Lambda-Storage-GB-Second"),  # once GB-months: 2.6 million times as much
        ("AmazonECS", "USE1-Fargate-EphemeralStorage-GB-Hours"),  # once GB-months: 720 times
        ("ElasticMapReduce", "USE1-EMR-SERVERLESS-StorageGBHours"),
        ("CodeBuild", "USE1-Build-Min:Linux:g1.small"),  # once hours: 60 times
    ],
)
def test_an_export_without_units_is_not_guessed(service: str, meter: str) -> None:
    found = _rate(service, meter, "")
    assert found["disposition"] == "unmodelled"
    assert found["gap_reason"].startswith("no unit")


def test_bytes_that_a_service_keeps_for_months_are_stored_bytes() -> None:
    # 720 h x 0.65 Wh/TB-h x 1.5 x 3 copies
    expected = pytest.approx(720 * 0.65 * 1.5 * 3 / 1e6)
    assert _kwh("AmazonTimestream", "USE1-MagneticStore-ByteHrs", "GB-Mo") == expected
    assert _kwh("AmazonFSx", "USE1-Storage.CapacityPool:StdPR", "GB-Mo") == expected
    assert _rate("AmazonTimestream", "USE1-MemoryStore-ByteHrs", "GB-Hours")["disposition"] == "unmodelled"


def test_a_function_with_provisioned_concurrency_carries_no_slack_of_its_own() -> None:
    """The capacity kept warm is on the concurrency line: 1.3 times the duration would count it twice."""
    # 0.579 vCPU per GiB x 3 Wh, a second of an hour
    kwh = _kwh("AWSLambda", "USE2-Lambda-Provisioned-GB-Second", "Lambda-GB-Second")
    assert kwh == pytest.approx(0.579 * 0.003 / 3600)
    assert _kwh("AWSLambda", "USE2-Lambda-GB-Second", "Lambda-GB-Second") == pytest.approx(1.3 * kwh)
