"""A kind of source leads to its connector; a mistake leads to the nearest kind."""

import pickle

import pytest

from connectors.registry import KINDS, source_for
from wattledger.contracts import STAGED_COLUMNS, SourceSettings
from wattledger.errors import ConfigError


def test_the_kinds_of_this_release_are_listed() -> None:
    assert set(KINDS) == {
        "aws-cur", "focus", "aws-focus", "azure-focus", "gcp-focus", "azure-cost-export", "gcp-billing",
        "aws-carbon-export", "codecarbon", "pue-meter", "machine-inventory", "utilization-csv", "business-metrics",
        "grid-csv",
        "accounts-csv",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_makes_a_source_that_can_be_sent_to_the_reading_child(kind: str) -> None:
    source = source_for(SourceSettings("mine", kind, "folder"))
    assert (source.name, source.kind) == ("mine", kind)
    assert source.table in STAGED_COLUMNS
    assert pickle.loads(pickle.dumps(source)) == source


def test_a_misspelt_kind_names_the_nearest_and_lists_all() -> None:
    with pytest.raises(
        ConfigError, match=r"'mine': there is no kind 'codecarbn'. Did you mean 'codecarbon'\?"
    ) as error:
        source_for(SourceSettings("mine", "codecarbn", "folder"))
    assert all(kind in str(error.value) for kind in KINDS)


@pytest.mark.parametrize("location", ["s3://bucket/cur", "gs://bucket/focus", "https://a.blob.core.windows.net/c"])
def test_a_remote_location_says_to_copy_the_export_first(location: str) -> None:
    with pytest.raises(ConfigError, match=r"is remote, and this release reads local paths. Copy the export"):
        source_for(SourceSettings("mine", "aws-cur", location))
