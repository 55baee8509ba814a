"""Which connector reads which kind of source. A connector is imported when a source of its kind is made."""

import difflib
from importlib import import_module

from wattledger.contracts import Source, SourceSettings
from wattledger.errors import ConfigError
from wattledger.selection import SELECTABLE

_CONNECTORS = {
    "aws-cur": ("connectors.aws.cur", "AwsCur"),
    "focus": ("connectors.focus", "Focus"),
    "aws-focus": ("connectors.focus", "Focus"),
    "azure-focus": ("connectors.focus", "Focus"),
    "gcp-focus": ("connectors.focus", "Focus"),
    "azure-cost-export": ("connectors.azure.cost_export", "AzureCostExport"),
    "gcp-billing": ("connectors.gcp.billing", "GcpBilling"),
    "aws-carbon-export": ("connectors.aws.carbon_export", "AwsCarbonExport"),
    "pue-meter": ("connectors.dcim.pue_meter", "PueMeter"),
    "machine-inventory": ("connectors.dcim.machine_inventory", "MachineInventory"),
    "grid-csv": ("connectors.grid_csv", "GridCsv"),
    "utilization-csv": ("connectors.utilization", "UtilizationCsv"),
    "business-metrics": ("connectors.business_metrics", "BusinessMetrics"),
    "accounts-csv": ("connectors.accounts", "AccountsCsv"),
    "codecarbon": ("connectors.trackers.codecarbon", "CodeCarbon"),
}
KINDS = tuple(_CONNECTORS)
"""The kinds of source that this release reads."""


def source_for(settings: SourceSettings) -> Source:
    """Return the source that ``settings`` describe; nothing is opened yet.

    Raises ConfigError for a kind that does not exist, with the nearest one, and for a remote location.
    """
    if settings.kind not in _CONNECTORS:
        near = difflib.get_close_matches(settings.kind, KINDS, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ConfigError(
            f"source {settings.name!r}: there is no kind {settings.kind!r}. {hint}"
            f"This release reads {', '.join(KINDS)}."
        )
    if "://" in settings.location:
        raise ConfigError(
            f"source {settings.name!r}: {settings.location} is remote, and this release reads local paths. "
            "Copy the export to a folder, keeping its tree, and give that folder as `location`."
        )
    module, name = _CONNECTORS[settings.kind]
    source: Source = getattr(import_module(module), name)(settings)
    if settings.selection and source.table not in SELECTABLE:
        raise ConfigError(
            f"source {settings.name!r}: {settings.kind} has no lines of accounts, services and regions: there "
            "`include` and `exclude` take globs over file names."
        )
    return source
