"""Where the rooms meet: what a source lists and yields, and the columns it must stage.

A source lists units and reads one of them into a staged Parquet file with exactly the columns of its
table below. It opens no database, estimates nothing and commits nothing: the sync driver
(`warehouse/sync.py`) drives any `Source` and owns every transaction.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from wattledger.selection import Selection

# What a split row says about its parent. part: compute, memory or accelerator; split_usage: hours of vCPU, GB, boards.
SPLIT = (
    "STRUCT(parent_resource_id VARCHAR, part VARCHAR, split_usage DOUBLE, split_usage_ratio DOUBLE, "
    "cluster_name VARCHAR, namespace VARCHAR, workload VARCHAR)"
)

# One row per bill line, in the order of the delivery. Names that FOCUS has keep FOCUS's meaning.
USAGE_COLUMNS: Mapping[str, str] = {
    "provider_line_id": "VARCHAR",  # the provider's own id, null where it has none
    "provider": "VARCHAR",  # aws, azure, gcp, or another provider's name in lower case
    "billing_account_id": "VARCHAR",  # payer
    "sub_account_id": "VARCHAR",  # usage account, subscription, project
    "sub_account_name": "VARCHAR",  # what the bill calls it; kept by account, not by line
    "service_name": "VARCHAR",  # FOCUS ServiceName; the product code in a CUR
    "service_code": "VARCHAR",  # the provider's code, e.g. AmazonEC2; null where not delivered
    "region_id": "VARCHAR",  # e.g. us-east-1; null where the line has none
    "sku_meter": "VARCHAR",  # usage type, FOCUS SkuMeter
    "operation": "VARCHAR",
    "consumed_unit": "VARCHAR",
    "instance_type": "VARCHAR",  # as delivered; null where not delivered
    "product_family": "VARCHAR",
    "charge_category": "VARCHAR",  # FOCUS: Usage, Purchase, Tax, Credit, Adjustment; null when unknown
    "line_type": "VARCHAR",  # the provider's own word: Usage, SavingsPlanNegation, ...; FOCUS: ChargeCategory
    "is_split": "BOOLEAN",  # a second view of a parent's hours (split cost allocation)
    "capacity_status": "VARCHAR",  # FOCUS CommitmentDiscountStatus or CapacityReservationStatus: Used, Unused
    "resource_id": "VARCHAR",
    "charge_period_start": "TIMESTAMP",  # UTC, inclusive
    "charge_period_end": "TIMESTAMP",  # UTC, exclusive
    "billing_month": "DATE",  # first day of the billing period
    "consumed_quantity": "DOUBLE",
    "billed_cost": "DECIMAL(38,12)",
    "effective_cost": "DECIMAL(38,12)",
    "cost_basis": "VARCHAR",  # effective, or billed where the source lacks an effective cost
    "billing_currency": "VARCHAR",
    "tags": "MAP(VARCHAR, VARCHAR)",
    "split": SPLIT,  # of a split row: which share of its parent machine the pod or task had; null on all other lines
}

# The columns that decide what a line physically is. Every distinct combination is classified once.
SKU_COLUMNS: Sequence[str] = (
    "provider",
    "service_name",
    "service_code",
    "region_id",
    "sku_meter",
    "operation",
    "consumed_unit",
    "instance_type",
    "product_family",
    "charge_category",
    "line_type",
    "is_split",
    "capacity_status",
)

# One row per month x account x service x region x scope x method of a provider's own carbon figures.
PROVIDER_FOOTPRINT_COLUMNS: Mapping[str, str] = {
    "usage_month": "DATE",
    "provider": "VARCHAR",
    "billing_account_id": "VARCHAR",
    "sub_account_id": "VARCHAR",
    "service_name": "VARCHAR",  # the provider's product code
    "region_id": "VARCHAR",
    "model_version": "VARCHAR",  # e.g. v3.0.1
    "model_version_key": "VARCHAR",  # the same, zero-padded so that text order is version order
    "scope": "VARCHAR",  # scope_1, scope_2, scope_3, total
    "method": "VARCHAR",  # location_based, market_based; null where the scope has no method
    "kg_co2e": "DOUBLE",  # null with null_reason, never 0 for missing
    "null_reason": "VARCHAR",  # e.g. column_not_in_export
    "refreshed_at": "TIMESTAMP",  # when the provider computed it
    "source_kind": "VARCHAR",  # export or api
}

# One row as a tracker wrote it, repaired where the repair is certain. De-duplication is a view.
TRACKER_RUN_COLUMNS: Mapping[str, str] = {
    "tool": "VARCHAR",  # codecarbon
    "tool_version": "VARCHAR",
    "run_id": "VARCHAR",
    "row_kind": "VARCHAR",  # run or task
    "task_name": "VARCHAR",
    "project_name": "VARCHAR",
    "experiment_id": "VARCHAR",
    "started_at": "TIMESTAMP",  # UTC
    "ended_at": "TIMESTAMP",  # UTC
    "timezone": "VARCHAR",  # the zone naive stamps were read in
    "duration_s": "DOUBLE",
    "cpu_it_energy_kwh": "DOUBLE",  # divided by the tracker's PUE
    "gpu_it_energy_kwh": "DOUBLE",
    "ram_it_energy_kwh": "DOUBLE",
    "it_energy_kwh": "DOUBLE",
    "tracker_pue": "DOUBLE",  # what the tracker had multiplied by
    "tracker_kg_co2e": "DOUBLE",  # the tracker's own figure, kept and never used
    "provider": "VARCHAR",
    "region_id": "VARCHAR",
    "country_iso3": "VARCHAR",
    "resource_id": "VARCHAR",  # from rid= in the project name or a mapping; null otherwise
    "tags": "MAP(VARCHAR, VARCHAR)",  # other key=value pairs of the project name
    "os": "VARCHAR",
    "cpu_model": "VARCHAR",
    "cpu_count": "INTEGER",
    "ram_total_gib": "DOUBLE",
    "gpu_model": "VARCHAR",
    "gpu_count": "INTEGER",
    "tracking_mode": "VARCHAR",  # machine or process
    "grade": "VARCHAR",  # A counter, B sampled power, C utilisation x TDP, D constant
    "grade_reason": "VARCHAR",
    "flags": "VARCHAR[]",  # what is doubtful about the row, e.g. shifted_row_repaired
}

# One row per reading of a site's meters: facility beside IT.
PUE_READING_COLUMNS: Mapping[str, str] = {
    "site": "VARCHAR",
    "provider": "VARCHAR",  # of the region whose PUE the site measures; own: the site is its own region
    "region_id": "VARCHAR",
    "interval_start": "TIMESTAMP",  # UTC, inclusive
    "interval_end": "TIMESTAMP",  # UTC, exclusive
    "facility_energy_kwh": "DOUBLE",
    "it_energy_kwh": "DOUBLE",
    "reason": "VARCHAR",  # why the reading can be part of no PUE; null where it is sound
}

# One row per observed hour of a machine.
UTILIZATION_COLUMNS: Mapping[str, str] = {
    "resource_id": "VARCHAR",  # as the bill spells it
    "hour_start": "TIMESTAMP",  # UTC
    "metric": "VARCHAR",  # cpu; gpu: the share of time that a board is busy
    "utilization": "DOUBLE",  # mean over the hour, 0 to 1
}

# One row per metric, scope and day of what the business did. A scope is globs over the names of the bill; null is all.
BUSINESS_METRIC_COLUMNS: Mapping[str, str] = {
    "usage_date": "DATE",  # UTC
    "metric": "VARCHAR",
    "quantity": "DOUBLE",  # null where the row states none
    "provider": "VARCHAR",
    "account": "VARCHAR",  # of sub_account_id
    "service": "VARCHAR",  # of service_name
    "region": "VARCHAR",  # of region_id
    "tag_key": "VARCHAR",  # a name, no glob
    "tag_value": "VARCHAR",
    "owner": "VARCHAR",  # dimension:glob, by the owner rules
}

# Intensity of a grid over an interval, as somebody else measured or modelled it.
GRID_INTERVAL_COLUMNS: Mapping[str, str] = {
    "zone": "VARCHAR",  # scheme:zone, as the grid chain of a region names it; region:provider:region_id
    "interval_start": "TIMESTAMP",  # UTC, inclusive
    "interval_end": "TIMESTAMP",  # UTC, exclusive
    "signal": "VARCHAR",  # average; marginal: what one kWh more would cause, another question
    "boundary": "VARCHAR",  # lifecycle, direct
    "g_co2e_per_kwh": "DOUBLE",
    "low": "DOUBLE",  # g CO2e per kWh
    "high": "DOUBLE",
    "source": "VARCHAR",  # who states it; null where the file does not say
    "licence": "VARCHAR",
}

# One row per account, organisational unit, folder or management group that a file of names describes.
ACCOUNT_COLUMNS: Mapping[str, str] = {
    "provider": "VARCHAR",
    "account_id": "VARCHAR",
    "account_name": "VARCHAR",
    "account_kind": "VARCHAR",  # as the file says it: account, organizational_unit, folder, ...
    "parent_id": "VARCHAR",  # null at the root, or where a path is given instead
    "path": "VARCHAR",  # names from the root down, parted by ` / `
}

STAGED_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "business_metric": BUSINESS_METRIC_COLUMNS,
    "utilization": UTILIZATION_COLUMNS,
    "usage": USAGE_COLUMNS,
    "provider_footprint": PROVIDER_FOOTPRINT_COLUMNS,
    "tracker_run": TRACKER_RUN_COLUMNS,
    "pue_reading": PUE_READING_COLUMNS,
    "grid_interval": GRID_INTERVAL_COLUMNS,
    "account": ACCOUNT_COLUMNS,
}

_POSITION_BITS = 28  # 268 million lines to a unit; 35 bits are left for the unit


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine that belongs to a unit."""

    path: Path
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Unit:
    """The smallest thing its provider rewrites as a whole: a billing month, an export partition, one log file.

    ``version`` is the mark a listing gives without reading: ETag, run id, size and mtime.
    ``files`` are the locations that make up the unit, in reading order.
    ``problem`` says why the listing already knows that the unit cannot be read (a file the manifest names
    is not there); such a unit is refused, and what was loaded of it before stays.
    """

    source: str
    scope: str
    period: str
    version: str
    files: tuple[str, ...]
    problem: str | None = None

    @property
    def unit_id(self) -> int:
        """A 35-bit number that depends on source, scope and period only."""
        key = "\0".join((self.source, self.scope, self.period)).encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:5], "big") >> 5

    @property
    def first_line_id(self) -> int:
        """The line_id of the unit's first row; row n has this plus n."""
        return self.unit_id << _POSITION_BITS

    @property
    def label(self) -> str:
        """How messages name the unit."""
        return f"{self.source}, {self.period or self.scope}"


@dataclass(frozen=True)
class ReadReport:
    """What a reader says about a unit it staged."""

    rows: int
    notes: tuple[str, ...] = ()  # said once to the user: optional columns absent, rows repaired
    unknown_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceSettings:
    """One ``[[source]]`` of the configuration, as a connector receives it."""

    name: str
    kind: str
    location: str
    since: date | None = None
    timezone: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    mapping: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    selection: Selection = field(default_factory=Selection)  # of lines; include and exclude are of files


class Source(Protocol):
    """What the sync driver drives. It is pickled into the reading child, so it holds settings, not handles."""

    @property
    def name(self) -> str:
        """The name given in the configuration."""

    @property
    def kind(self) -> str:
        """The kind given in the configuration."""

    @property
    def table(self) -> str:
        """The staged table it fills: a key of STAGED_COLUMNS."""

    def units(self, since: date | None) -> Iterator[Unit]:
        """List the units whose period ends after ``since``, oldest first. Reads no data."""

    def fetch(self, unit: Unit, spool: Path) -> Sequence[LocalFile]:
        """Bring the unit's files to this machine and return them with size and SHA-256."""

    def read(self, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Write the unit's rows to ``staged``, a Parquet file with exactly the columns of ``table``.

        Runs in a child process. Raises BrokenInputError for bytes that cannot be trusted.
        ``scratch`` is an empty folder that the caller removes.
        """
