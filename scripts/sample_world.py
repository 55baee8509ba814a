"""The invented company of the sample data: its accounts, its machines, and what they really draw.

Every watt, g/kWh and price below is INVENTED, a round number of a plausible size. They are the truth of this small
world and no factors: nothing reads them but `make_sample_data.py`, and no room of wattledger shares one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

MONTHS = (datetime(2025, 5, 1), datetime(2025, 6, 1), datetime(2025, 7, 1))  # naive UTC, as bills are
END = datetime(2025, 8, 1)
MAY, JUNE, JULY = MONTHS
HOUR = timedelta(hours=1)

PAYER = "111122223333"
WEB, ML, ANALYTICS = "444455556666", "777788889999", "123456789012"
ACCOUNT_NAMES = {PAYER: "northlight-billing", WEB: "web-prod", ML: "ml-training", ANALYTICS: "analytics"}
# The analytics account joined the organisation on 11 May: the bill has it from then, the carbon export has the month.
BILL_BEGINS = {ANALYTICS: datetime(2025, 5, 11)}

PUE = 1.14
MARKET_SHARE = 0.08  # of the location-based figure that is left after contracts
SCOPE_1_SHARE, SCOPE_3_SHARE = 0.02, 0.55  # of scope 2, location-based
OLDER_MODEL = 0.96  # what model v3.0.0 gave, as a share of v3.0.1

PREFIXES = {"us-east-1": "USE1-", "us-west-2": "USW2-", "eu-west-1": "EUW1-", "eu-central-1": "EUC1-",
            "ap-southeast-2": "APS2-", "": ""}  # fmt: skip
LOCATIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "Europe (Ireland)",
    "eu-central-1": "Europe (Frankfurt)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "Global": "Global",
}
GRID_G_CO2E_PER_KWH = {  # direct, of the grid that feeds the region
    "us-east-1": 275.0,
    "us-west-2": 285.0,
    "eu-west-1": 240.0,
    "eu-central-1": 310.0,
    "ap-southeast-2": 630.0,
    "": 300.0,
}
NATIONAL_G_CO2E_PER_KWH = {"us-west-2": 370.0}  # what the provider's figure uses there in place of the regional grid

_W_PER_VCPU = {"x86": 2.6, "graviton": 1.8, "burst": 1.0}
_W_PER_GIB = 0.25
# Over the billed hours, idle ones included; a run draws more, see `sample_trackers.py`.
_ACCELERATOR_W = {"A10G": 120.0, "A100": 230.0, "Inferentia2": 80.0, "Trainium": 120.0}
SSD_W_PER_TB, DISK_W_PER_TB = 4.0, 2.0  # with replicas and their servers


@dataclass(frozen=True)
class Machine:
    """An instance type: what its data sheet says, and W at the server under the load of this world."""

    vcpu: int
    gib: int
    kind: str
    price_per_hour: float
    accelerator: str = ""
    accelerators: int = 0

    @property
    def host_w(self) -> float:
        """Processor and memory, in W."""
        return self.vcpu * _W_PER_VCPU[self.kind] + self.gib * _W_PER_GIB

    @property
    def accelerator_w(self) -> float:
        """All boards, in W."""
        return self.accelerators * _ACCELERATOR_W.get(self.accelerator, 0.0)

    @property
    def watts(self) -> float:
        """The whole machine, in W."""
        return self.host_w + self.accelerator_w


MACHINES = {
    "m5.large": Machine(2, 8, "x86", 0.096),
    "m5.xlarge": Machine(4, 16, "x86", 0.192),
    "m5.2xlarge": Machine(8, 32, "x86", 0.384),
    "r6i.2xlarge": Machine(8, 64, "x86", 0.504),
    "c7g.xlarge": Machine(4, 8, "graviton", 0.145),
    "c6g.metal": Machine(64, 128, "graviton", 2.176),
    "t3.medium": Machine(2, 4, "burst", 0.0416),
    "g5.2xlarge": Machine(8, 32, "x86", 1.212, "A10G", 1),
    "g5.12xlarge": Machine(48, 192, "x86", 5.672, "A10G", 4),
    "p4d.24xlarge": Machine(96, 1152, "x86", 32.7726, "A100", 8),
    "inf2.xlarge": Machine(4, 16, "x86", 0.7582, "Inferentia2", 1),
    "trn1.2xlarge": Machine(8, 32, "x86", 1.3438, "Trainium", 1),
    "db.r6g.large": Machine(2, 16, "graviton", 0.43),
    "u9z.4xlarge": Machine(16, 256, "x86", 1.9),  # no such type: a stand-in for one newer than the factor set
    "cache.r6g.large": Machine(2, 13, "graviton", 0.206),
    "ml.g5.xlarge": Machine(4, 16, "x86", 1.408, "A10G", 1),
}


@dataclass(frozen=True)
class Meter:
    """One metered thing: what it costs, and the W it draws while it is metered."""

    account: str
    region: str
    service: str
    usage_type: str  # without the region's prefix
    unit: str
    per_hour: float  # quantity an hour; of GB-Mo, the GB held
    price: float  # of one unit
    watts: float
    operation: str = ""
    family: str = ""
    resource: str = ""
    instance_type: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    line_type: str = "Usage"
    windows: tuple[tuple[datetime, datetime], ...] = ((MAY, END),)
    is_idle: bool = False

    def is_on(self, hour: datetime) -> bool:
        """Whether it is metered in the hour that starts then."""
        return any(start <= hour < end for start, end in self.windows)


def _days(month: datetime, first: int, last: int) -> tuple[datetime, datetime]:
    return month.replace(day=first), month.replace(day=last) + timedelta(days=1)


def _ec2(account: str, region: str, instance_type: str, resource: str, team: str, **more: object) -> Meter:
    machine = MACHINES[instance_type]
    tags = {"user_team": team, "user_env": "prod", **more.pop("tags", {})}  # type: ignore[dict-item]
    return Meter(
        account, region, "AmazonEC2", f"BoxUsage:{instance_type}", "Hrs", 1.0, machine.price_per_hour, machine.watts,
        "RunInstances", "Compute Instance", resource, instance_type, tags, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _volume(account: str, region: str, gb: float, resource: str, team: str) -> Meter:
    watts = gb / 1000 * SSD_W_PER_TB
    return Meter(account, region, "AmazonEC2", "EBS:VolumeUsage.gp3", "GB-Mo", gb, 0.08, watts, "CreateVolume-Gp3",
                 "Storage", resource, tags={"user_team": team})  # fmt: skip


def _snapshot(account: str, region: str, gb: float, resource: str) -> Meter:
    watts = gb / 1000 * DISK_W_PER_TB
    return Meter(account, region, "AmazonEC2", "EBS:SnapshotUsage", "GB-Mo", gb, 0.05, watts, "CreateSnapshot",
                 "Storage Snapshot", resource)  # fmt: skip


def _bucket(account: str, region: str, gb: float, bucket: str, storage_class: str = "", price: float = 0.023) -> Meter:
    watts = gb / 1000 * DISK_W_PER_TB
    return Meter(account, region, "AmazonS3", f"TimedStorage-{storage_class}ByteHrs", "GB-Mo", gb, price, watts,
                 f"{storage_class.replace('-', '')}StandardStorage".replace("SIAStandard", "StandardIA"),
                 "Storage", bucket)  # fmt: skip


def _plain(account: str, region: str, service: str, usage_type: str, unit: str, per_hour: float, price: float,
           watts: float, operation: str = "", family: str = "", resource: str = "") -> Meter:  # fmt: skip
    return Meter(account, region, service, usage_type, unit, per_hour, price, watts, operation, family, resource)


def _machines_of(service: str, account: str, region: str, usage_type: str, type_: str, resource: str) -> Meter:
    machine = MACHINES[type_]
    return Meter(account, region, service, f"{usage_type}:{type_}", "Hrs", 1.0, machine.price_per_hour, machine.watts,
                 "", "", resource, type_)  # fmt: skip


FINETUNE_HOST, EVAL_HOST = "i-0f1e2d3c4b5a60001", "i-0f1e2d3c4b5a60002"
QUAD_HOST, PRETRAIN_HOST, PREPARE_HOST = "i-0f1e2d3c4b5a60012", "i-0f1e2d3c4b5a60096", "i-0f1e2d3c4b5a60005"
_ALL_WEEKDAYS = tuple(
    (MAY + timedelta(days=n), MAY + timedelta(days=n + 1)) for n in range(92) if (MAY + timedelta(days=n)).weekday() < 5
)

METERS = (
    # web-prod, us-east-1. Two of the four web servers are covered by a savings plan.
    *(_ec2(WEB, "us-east-1", "m5.xlarge", f"i-0a1b2c3d4e5f6000{n}", "web",
           line_type="SavingsPlanCoveredUsage" if n < 3 else "Usage") for n in (1, 2, 3, 4)),
    *(_ec2(WEB, "us-east-1", "c7g.xlarge", f"i-0a1b2c3d4e5f6001{n}", "api") for n in (1, 2)),
    *(_ec2(WEB, "us-east-1", "t3.medium", f"i-0a1b2c3d4e5f6002{n}", "ops") for n in (1, 2)),
    # A capacity reservation for June that nobody ran on.
    Meter(WEB, "us-east-1", "AmazonEC2", "UnusedBox:m5.2xlarge", "Hrs", 6.0, 0.384, 6 * 12.0, "RunInstances",
          "Compute Instance", "cr-0a1b2c3d4e5f60001", "m5.2xlarge", {"user_team": "web"}, windows=((JUNE, JULY),),
          is_idle=True),
    _volume(WEB, "us-east-1", 400, "vol-0a1b2c3d4e5f60001", "web"),
    _volume(WEB, "us-east-1", 200, "vol-0a1b2c3d4e5f60002", "api"),
    _snapshot(WEB, "us-east-1", 900, "snapshot/snap-0a1b2c3d4e5f60001"),
    _bucket(WEB, "us-east-1", 6000, "northlight-assets"),
    _bucket(WEB, "us-east-1", 10000, "northlight-archive", "SIA-", 0.0125),
    _plain(WEB, "us-east-1", "AmazonS3", "Requests-Tier1", "Requests", 42000, 0.000005, 0, "PutObject",
           "API Request", "northlight-assets"),
    _plain(WEB, "us-east-1", "AmazonECS", "Fargate-vCPU-Hours:perCPU", "hours", 12, 0.04048, 42, "FargateTask",
           "Compute", "task/web/checkout"),
    _plain(WEB, "us-east-1", "AmazonECS", "Fargate-GB-Hours", "hours", 24, 0.004445, 8, "FargateTask", "Compute",
           "task/web/checkout"),
    _plain(WEB, "us-east-1", "AWSLambda", "Lambda-GB-Second", "Lambda-GB-Second", 36000, 0.0000166667, 20, "Invoke",
           "Serverless", "function:thumbnail"),
    _plain(WEB, "us-east-1", "AWSLambda", "Lambda-GB-Second-ARM", "Lambda-GB-Second", 14400, 0.0000133334, 5, "Invoke",
           "Serverless", "function:notify"),
    _plain(WEB, "us-east-1", "AWSLambda", "Request", "Requests", 90000, 0.0000002, 0, "Invoke", "Serverless",
           "function:thumbnail"),
    Meter(WEB, "us-east-1", "AmazonRDS", "Multi-AZUsage:db.r6g.large", "Hrs", 1.0, 0.43,
          2 * MACHINES["db.r6g.large"].watts, "CreateDBInstance:0014", "Database Instance", "db:orders",
          "db.r6g.large"),
    Meter(WEB, "us-east-1", "AmazonRDS", "RDS:Multi-AZ-GP3-Storage", "GB-Mo", 300, 0.23, 2 * 0.3 * SSD_W_PER_TB,
          "CreateDBInstance:0014", "Database Storage", "db:orders"),
    _plain(WEB, "us-east-1", "AmazonEC2", "DataTransfer-Out-Bytes", "GB", 3.5, 0.09, 0, "RunInstances",
           "Data Transfer"),
    _plain(WEB, "us-east-1", "AmazonEC2", "DataTransfer-Regional-Bytes", "GB", 9.0, 0.01, 1, "InterZone-Out",
           "Data Transfer"),
    _plain(WEB, "us-east-1", "AmazonEC2", "NatGateway-Hours", "Hrs", 2, 0.045, 6, "NatGateway", "NAT Gateway",
           "nat-0a1b2c3d4e5f60001"),
    _plain(WEB, "us-east-1", "AmazonEC2", "NatGateway-Bytes", "GB", 5.0, 0.045, 0, "NatGateway", "NAT Gateway",
           "nat-0a1b2c3d4e5f60001"),
    _machines_of("AmazonElastiCache", WEB, "us-east-1", "NodeUsage", "cache.r6g.large", "cluster:sessions"),
    _plain(WEB, "", "AmazonCloudFront", "US-DataTransfer-Out-Bytes", "GB", 30.0, 0.085, 6, "GET", "Data Transfer"),
    # web-prod, eu-west-1: nothing is planted here.
    *(_ec2(WEB, "eu-west-1", "m5.large", f"i-0b1b2c3d4e5f6000{n}", "web") for n in (1, 2)),
    _ec2(WEB, "eu-west-1", "t3.medium", "i-0b1b2c3d4e5f60021", "ops"),
    _volume(WEB, "eu-west-1", 200, "vol-0b1b2c3d4e5f60001", "web"),
    _bucket(WEB, "eu-west-1", 2000, "northlight-assets-eu"),
    _plain(WEB, "eu-west-1", "AmazonEC2", "USE1-AWS-Out-Bytes", "GB", 2.0, 0.02, 1, "InterRegion-Out",
           "Data Transfer"),
    # ml-training, us-west-2: the provider's figure uses the national grid.
    _ec2(ML, "us-west-2", "g5.2xlarge", FINETUNE_HOST, "ml", tags={"user_job": "finetune"}, windows=_ALL_WEEKDAYS),
    _ec2(ML, "us-west-2", "g5.2xlarge", EVAL_HOST, "ml", tags={"user_job": "embed-eval"}, windows=_ALL_WEEKDAYS),
    _ec2(ML, "us-west-2", "g5.12xlarge", QUAD_HOST, "ml", tags={"user_job": "sweep"},
         windows=tuple(_days(month, 9, 13) for month in MONTHS)),
    _ec2(ML, "us-west-2", "p4d.24xlarge", PRETRAIN_HOST, "ml", tags={"user_job": "pretrain"},
         windows=(_days(JUNE, 17, 19),)),
    _ec2(ML, "us-west-2", "trn1.2xlarge", "i-0f1e2d3c4b5a60031", "ml", windows=(_days(JULY, 7, 16),)),
    _ec2(ML, "us-west-2", "inf2.xlarge", "i-0f1e2d3c4b5a60032", "ml"),
    _ec2(ML, "us-west-2", "m5.2xlarge", PREPARE_HOST, "ml", tags={"user_job": "prepare"}),
    _volume(ML, "us-west-2", 2000, "vol-0f1e2d3c4b5a60001", "ml"),
    _bucket(ML, "us-west-2", 30000, "northlight-datasets"),
    # ml-training, us-east-1: an endpoint of SageMaker; nothing is planted here.
    _machines_of("AmazonSageMaker", ML, "us-east-1", "Host", "ml.g5.xlarge", "endpoint/search"),
    _ec2(ML, "us-east-1", "m5.xlarge", "i-0f1e2d3c4b5a60041", "ml"),
    _bucket(ML, "us-east-1", 20000, "northlight-features"),
    # analytics, eu-central-1: the bill begins on 11 May. One server is covered by a reservation.
    *(_ec2(ANALYTICS, "eu-central-1", "r6i.2xlarge", f"i-0c1b2c3d4e5f6000{n}", "data",
           line_type="DiscountedUsage" if n == 1 else "Usage") for n in (1, 2, 3)),
    _ec2(ANALYTICS, "eu-central-1", "c6g.metal", "i-0c1b2c3d4e5f60064", "data", windows=(_days(JUNE, 2, 6),)),
    _ec2(ANALYTICS, "eu-central-1", "u9z.4xlarge", "i-0c1b2c3d4e5f60099", "data", windows=(_days(JULY, 21, 23),)),
    _volume(ANALYTICS, "eu-central-1", 1200, "vol-0c1b2c3d4e5f60001", "data"),
    _bucket(ANALYTICS, "eu-central-1", 12000, "northlight-lake"),
    # analytics, ap-southeast-2: in June the provider's figure is six times too high for no reason.
    *(_ec2(ANALYTICS, "ap-southeast-2", "m5.xlarge", f"i-0d1b2c3d4e5f6000{n}", "data") for n in (1, 2)),
    _volume(ANALYTICS, "ap-southeast-2", 300, "vol-0d1b2c3d4e5f60001", "data"),
    _bucket(ANALYTICS, "ap-southeast-2", 3000, "northlight-lake-syd"),
)  # fmt: skip
UNCOVERED = ("AmazonCloudFront",)  # on the bill and in the provider's figure, and no open model covers it
NO_CAUSE = (
    ANALYTICS,
    "ap-southeast-2",
    JUNE,
    6.0,
)  # the provider's figure times this, and nothing on the bill says why
