"""docs/sources.md says what the connectors do."""

import re
import tomllib
from pathlib import Path

from connectors.aws.cur import canonical_name, cur_format
from connectors.azure.cost_export import canonical_name as azure_name
from connectors.azure.cost_export import cost_export_format
from connectors.focus import canonical_name as focus_name
from connectors.focus import focus_format
from connectors.gcp.billing import billing_format
from connectors.registry import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")


def section(kind: str) -> str:
    return PAGE.partition(f"\n## {kind}\n")[2].partition("\n## ")[0]


def listed(kind: str, row: str) -> list[str]:
    """The names in backticks of one row of the section's table of columns."""
    line = re.search(rf"^\| {row} \|(.*)$", section(kind), re.M)
    assert line
    return re.findall(r"`([\w.]+)`", line[1])


def test_every_kind_is_on_the_page_and_every_example_is_of_a_kind() -> None:
    assert set(KINDS) == set(re.findall(r"`([\w-]+)`", PAGE.partition("\n\nAll of them")[0].partition("|---")[2])) - {
        "CARBON_EMISSIONS"
    }
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    kinds = [source["kind"] for text in examples for source in tomllib.loads(text)["source"]]
    assert kinds == [
        "aws-cur",
        "azure-focus",
        "azure-cost-export",
        "gcp-billing",
        "aws-carbon-export",
        "pue-meter",
        "machine-inventory",
        "utilization-csv",
        "business-metrics",
        "grid-csv",
        "accounts-csv",
        "codecarbon",
    ]


def test_the_columns_on_the_page_are_those_of_the_data_files() -> None:
    known = cur_format().columns.values()
    assert {canonical_name(name) for name in listed("aws-cur", "required")} == {
        column.name for column in known if column.use == "required"
    }
    optional = {column.name for column in known if column.use == "optional"}
    assert optional == {name for name in optional if f"`{name}`" in section("aws-cur")}
    known = focus_format().columns.values()
    assert {focus_name(name) for name in (*listed("focus", "required"), *listed("focus", "optional"))} == {
        column.name for column in known if column.use in ("required", "optional")
    } - {"service_provider_name"}  # of FOCUS 1.3


def test_the_columns_of_azure_on_the_page_are_those_of_the_data_file() -> None:
    known = cost_export_format().columns.values()
    used = {name: {column.name for column in known if column.use == name} for name in ("required", "optional")}
    # Required, but for the one dataset that holds usage only.
    assert {azure_name(name) for name in listed("azure-cost-export", "required")} == used["required"] | {"charge_type"}
    assert {azure_name(name) for name in listed("azure-cost-export", "optional")} == used["optional"] - {"charge_type"}
    spellings = [name for column in known if column.use != "known" for name in column.also_called.split(" or ")[1:]]
    assert sorted(listed("azure-cost-export", "also called")) == sorted(spellings)


def test_the_columns_of_google_on_the_page_are_those_of_the_data_file() -> None:
    for use in ("required", "optional"):
        delivered = {known.also_called for known in billing_format().columns.values() if known.use == use}
        assert set(listed("gcp-billing", use)) == delivered
