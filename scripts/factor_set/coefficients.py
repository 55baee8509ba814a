"""Everything that is one number: storage, transfer, serverless, defaults, tokens of language models."""

import re
from pathlib import Path

from csv_tables import Row, read_csv
from llm_tokens import token_coefficients

from factor_set.facts import EDITION, LICENCES, number, read

LLM_MODELS = Path(__file__).parents[1] / "llm_models.csv"
USED_COEFFICIENT = re.compile(
    r"compute\.host_overhead_uplift|embodied\.(cpu_extra|dram|lifetime|lifetime_ai|server_base)"
    r"|network\.int(er|ra)_region|replication\.(aws|gcp)\..*|serverless\.(idle_slack|(arm|x86)_kwh_per_vcpu_h|lambda_vcpu_per_gib|memory_kwh_per_gb_h)|storage\.(hdd|ssd|server_overhead|tape_archive)"
)


def verification(row: Row) -> str:
    """Return how the central value was obtained; a judgement between sources that were read is an estimate."""
    judged = row["verification"] == "own estimate" or row["source_central"].startswith("own judgement")
    return "estimate" if judged else "stored"


def coefficients(folder: Path) -> list[Row]:
    """Return the coefficients that this version's methods use, as the facts have them, and those of LLM tokens."""
    constants, energy = read(folder, "coefficients"), read(folder, "llm_energy")
    used = [
        {
            "key": row["key"], "scope": row["scope"], "low": number(row["low"]), "central": number(row["central"]),
            "high": number(row["high"]), "unit": row["unit"], "distribution": row["distribution"], "year": EDITION,
            "source_low": row["source_low"], "source": row["source_central"], "source_high": row["source_high"],
            "source_release": EDITION, "licence": LICENCES[row["licence"]],
            "verification": verification(row), "note": row["note"],
        }
        for row in constants
        if USED_COEFFICIENT.fullmatch(row["key"])
    ]  # fmt: skip
    return [*used, *token_coefficients(energy, read_csv(LLM_MODELS), constants, EDITION)]
