"""The fact tables as they are read, and what every kind of fact needs on its way into the set."""

from pathlib import Path

from csv_tables import Row, read_csv

EDITION = "2026"
# What a licence text of the facts means here. A text that is not listed stops the build.
LICENCES = {
    "Apache-2.0": "Apache-2.0",
    "Apache-2.0 list; facts": "Apache-2.0",
    "Apache-2.0 list; facts (Azure docs CC BY 4.0)": "Apache-2.0; CC BY 4.0",
    "Google docs CC BY 4.0; lists Apache-2.0": "Apache-2.0; CC BY 4.0",
    "CC BY 4.0": "CC BY 4.0",
    "CC BY 4.0 (EEA reuse policy)": "CC BY 4.0",
    "US public domain": "US public domain",
    "US public domain (NREL file BSD-3-style)": "US public domain",
    "MIT (mix) + IPCC citation": "MIT",
    "Brazil open data (attribution)": "Brazil open data",
    "Government of India open data (attribution)": "Government Open Data License - India",
    "OGL v3.0": "OGL v3.0",
    "Singapore Open Data Licence": "Singapore Open Data Licence",
    "Taiwan Open Government Data License": "Taiwan Open Government Data License",
    "no explicit licence (official announcement)": "published facts",
    "no explicit licence (company disclosure)": "published facts",
    "provider-published facts, no explicit licence": "published facts",
    "facts": "published facts",
    "own estimate": "own estimate",
    "own statistics of published results (SPEC fair use: cite SPEC and the date); snapshot file Apache-2.0": (
        "SPEC fair use"
    ),
}


def read(folder: Path, name: str) -> list[Row]:
    """Return the rows of one fact table."""
    return read_csv(folder / f"{name}.csv")


def number(value: float | str) -> str:
    """Return a number without trailing zeros; an empty field stays empty."""
    return f"{float(value):.15g}" if str(value) != "" else ""


def scaled(value: str, factor: float, digits: int) -> str:
    """Return a value times a factor, rounded."""
    return number(round(float(value) * factor, digits))
