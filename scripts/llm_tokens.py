"""Coefficients `llm.output.SPELLING`: kWh of IT energy per 1,000 output tokens, for build_factor_set.py.

The energy of a token follows the published formulas of EcoLogits (facts llm.*) on the accelerators that hold the
model: a linear model of the board and a share of the host while the token is made. llm_energy.csv of the facts has
them evaluated over the parameter ranges of each model; a model with open weights that it lacks is evaluated here.
llm_models.csv says how bills spell each model, in lower case with `-` for blanks and underscores.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from csv_tables import Row

# Ends of the interval over the central value, by whether the number of parameters is published.
# Known: 24 of 26 medians that ML.ENERGY measured on H100 lie inside (board energy x 1.3 for the host).
# Not known: the size is guessed, so an order of magnitude.
BAND_KNOWN = (0.2, 3.0)
BAND_GUESSED = (0.1, 5.0)
BYTES_PER_PARAMETER = 2
BOARD_MEMORY_GB = 80
MEMORY_FACTOR = 1.2  # weights and cache over weights alone
BOARDS_PER_HOST = 8
FORMULAS = "EcoLogits (Rince & Banse, JOSS 2025), published formulas, own evaluation"
LICENCE = "MPL-2.0"


def token_coefficients(
    facts: Sequence[Row], models: Sequence[Row], coefficients: Sequence[Row], edition: str
) -> Iterator[Row]:
    """Return a coefficient row for each spelling of each model of ``models``."""
    evaluated = {row["model"]: row for row in facts}
    constants = {
        row["key"]: {end: float(row[end]) for end in ("low", "central", "high") if row[end]}
        for row in coefficients
        if row["key"].startswith("llm.")
    }
    for model in models:
        known = bool(model["total_b"]) or is_known(evaluated[model["model"]])
        low, central, high = evaluate(model, constants) if model["total_b"] else stated(evaluated[model["model"]])
        down, up = BAND_KNOWN if known else BAND_GUESSED
        size = f"; size from {model['source']}" if model["source"] else ""
        why = "wide enough for what ML.ENERGY measured on H100" if known else "the size is a guess"
        for spelling in model["spellings"].split("|"):
            yield {
                "key": f"llm.output.{spelling}", "scope": f"output tokens of {model['model']}, at the server",
                "low": kwh(min(low, down * central)), "central": kwh(central), "high": kwh(max(high, up * central)),
                "unit": "kWh/kilotoken", "distribution": "lognormal", "year": edition,
                "source_low": f"batch 256, or {down} x central where that is lower: {why}",
                "source": f"{FORMULAS} at batch 64{size}",
                "source_high": f"batch 16, or {up} x central where that is higher: {why}",
                "source_release": edition, "licence": LICENCE, "verification": "derived",
                "note": "Before PUE" if known else "Before PUE; the size is not published: an order of magnitude",
            }  # fmt: skip


def is_known(fact: Row) -> bool:
    """Return whether a model of the facts has one number of parameters and no range."""
    return fact["active_b_low"] == fact["active_b_high"]


def stated(fact: Row) -> tuple[float, float, float]:
    """Return Wh per 1,000 output tokens as the facts have it: low, central, high."""
    return (
        float(fact["wh_per_1k_out_low_batch256"]),
        float(fact["wh_per_1k_out_central"]),
        float(fact["wh_per_1k_out_high_batch16"]),
    )


def evaluate(model: Row, constants: Mapping[str, Mapping[str, float]]) -> tuple[float, float, float]:
    """Return Wh per 1,000 output tokens of a model of known size: at the largest, the central, the smallest batch."""
    active_b, total_b = float(model["active_b"]), float(model["total_b"])
    batch = constants["llm.batch_size"]
    return (
        token_wh(active_b, total_b, batch["high"], constants) * 1000,
        token_wh(active_b, total_b, batch["central"], constants) * 1000,
        token_wh(active_b, total_b, batch["low"], constants) * 1000,
    )


def token_wh(active_b: float, total_b: float, batch: float, constants: Mapping[str, Mapping[str, float]]) -> float:
    """Return Wh of one output token, boards and host, before PUE. Sizes in billions of parameters."""

    def constant(name: str) -> float:
        return constants[f"llm.{name}"]["central"]

    boards_needed = math.ceil(MEMORY_FACTOR * BYTES_PER_PARAMETER * total_b / BOARD_MEMORY_GB)
    boards = 2 ** math.ceil(math.log2(boards_needed))
    board_wh = (
        constant("gpu_energy.alpha") * math.exp(constant("gpu_energy.beta") * batch) * active_b
        + constant("gpu_energy.gamma")
    )  # fmt: skip
    seconds = constant("latency.alpha") * active_b + constant("latency.beta") * batch + constant("latency.gamma")
    host_w = constant("server_power_without_gpu") * 1000 * boards / BOARDS_PER_HOST
    return boards * board_wh + host_w * seconds / 3600 / batch


def kwh(wh: float) -> str:
    """Return Wh as kWh with four significant digits."""
    return f"{float(f'{wh / 1000:.4g}'):.15g}"
