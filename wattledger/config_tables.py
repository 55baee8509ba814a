"""The tables of `wattledger.toml`: which keys each may hold, and which values."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from wattledger.owner_rules import OwnersTable, SplitTable
from wattledger.privacy import PrivacyTable


def _day(value: object) -> object:
    """A day; ``2025-03`` means its first."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(f"{value}-01" if len(value) == len("2025-03") else value)
        except ValueError:
            raise ValueError("should be a day or a month, e.g. 2025-03-01 or 2025-03") from None
    return value


def _zone(value: object) -> object:
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError):
            raise ValueError("is no time zone; write one like UTC or Europe/Berlin") from None
    return value


_Text = Annotated[str, StringConstraints(min_length=1)]
_Years = Annotated[float, Field(ge=1, le=20)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WarehouseTable(_Table):
    """The table [warehouse]."""

    path: _Text | None = None
    snapshot: _Text | None = None
    spool: _Text | None = None
    memory_limit: Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)? ?([KMGT]i?B)$")] | None = None
    threads: Annotated[int, Field(ge=1)] | None = None


class EstimateTable(_Table):
    """The table [estimate]."""

    model: _Text | None = None
    grid_boundary: Literal["lifecycle", "direct"] | None = None
    internet_transfer: bool | None = None
    spend_proxy: bool | None = None
    market_model: Literal["off", "provider_claims"] | None = None
    server_life_years: _Years | None = None
    accelerated_server_life_years: _Years | None = None


class ReportTable(_Table):
    """The table [report]."""

    carbon_price_per_t: Annotated[float, Field(gt=0, le=1e6)] | None = None
    carbon_price_currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None


class SourceTable(_Table):
    """One table [[source]]."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    kind: _Text
    location: _Text | None = None
    table: _Text | None = None
    bigquery_location: _Text | None = None
    since: Annotated[date, BeforeValidator(_day)] | None = None
    profile: _Text | None = None
    role_arn: _Text | None = None
    external_id: _Text | None = None
    timezone: Annotated[str, BeforeValidator(_zone)] | None = None
    mapping: _Text | None = None
    include: list[_Text] = []
    exclude: list[_Text] = []
    arm_endpoint: _Text | None = None
    ca_file: _Text | None = None

    @model_validator(mode="after")
    def _has_one_place(self) -> "SourceTable":
        if (self.location is None) == (self.table is None):
            raise ValueError("give `location` (a file, a folder, a glob or a URL) or `table`, one of the two")
        return self


class FileTables(_Table):
    """The whole file."""

    warehouse: WarehouseTable = WarehouseTable()
    estimate: EstimateTable = EstimateTable()
    report: ReportTable = ReportTable()
    owners: OwnersTable = OwnersTable()
    privacy: PrivacyTable = PrivacyTable()
    source: list[SourceTable] = []


def known_keys(keys: Sequence[object]) -> Sequence[str]:
    """Return the keys that may stand in a table of the file, given the table's own place."""
    tables: dict[object, type[_Table]] = {
        "warehouse": WarehouseTable,
        "estimate": EstimateTable,
        "report": ReportTable,
        "source": SourceTable,
    }
    if keys[:2] == ("owners", "split"):
        return list(SplitTable.model_fields)
    if keys[:1] == ("privacy",):
        return list(PrivacyTable.model_fields)
    return list((tables[keys[0]] if keys else FileTables).model_fields)
