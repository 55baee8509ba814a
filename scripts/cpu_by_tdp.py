"""Rows of cpu_power for CPUs without a published result: TDP per thread times the measured ratio of wall to TDP.

The ratio is learnt on SPECpower_ssj2008 results of the vendor's hardware since 2017; cpu_by_tdp.csv names the CPUs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from csv_tables import Row, read_csv

TABLE = Path(__file__).with_suffix(".csv")
SOURCE = (
    "wall over TDP, own statistics over SPEC SPECpower_ssj2008 results (spec.org/power_ssj2008), hardware 2017 to "
    "2025: {idle:g} idle, {full:g} at full load (medians of {who}); times "
)


@dataclass(frozen=True)
class Ratio:
    """Wall power of a server over the TDP of its chips, medians."""

    who: str
    idle: float
    full: float


RATIOS = {
    "Intel": Ratio("147 Intel results", 0.1716, 1.093),
    "AMD": Ratio("64 EPYC results", 0.2195, 0.9092),
    "mixed": Ratio("all 211 results", 0.1888, 1.052),
}
# Ends over the central value, idle and full. Low: p90 of model over measured with the family left out, 1.56 and 1.31.
# High: as for measured families (workload and board). Where the TDP is unknown too, its p10 and p90 over instance
# families (0.64, 1.38) add in quadrature of logs. Arm: as for the other Arm rows.
KNOWN_TDP = ((0.64, 0.76), (1.9, 2.4))
UNKNOWN_TDP = ((0.53, 0.59), (2.05, 2.54))
UNKNOWN_ARM = ((0.5, 0.5), (2.5, 2.5))


def parts() -> list[Row]:
    """Return the CPUs that TDP describes."""
    return read_csv(TABLE)


def microarch_of_models() -> dict[str, str]:
    """Return the row of each CPU model that has its own."""
    return {part["cpu_model"]: part["microarch"] for part in parts() if part["cpu_model"]}


def rows(measured: Mapping[str, Row]) -> list[Row]:
    """Return one row per part; vendor, load curve and threads per core are those of the row that it is like."""
    made = []
    for part in parts():
        like = measured[part["like"]]
        ratio = RATIOS[like["vendor"]]
        tdp_per_thread = float(part["tdp_w"]) / (float(part["cores_per_chip"]) * float(like["threads_per_core"]))
        unknown = UNKNOWN_ARM if like["isa"] == "arm64" else UNKNOWN_TDP
        lows, highs = KNOWN_TDP if part["cpu_model"] else unknown
        watts = {}
        for load, value, low, high in zip(("idle", "full"), (ratio.idle, ratio.full), lows, highs, strict=True):
            central = round(value * tdp_per_thread, 3)
            watts[f"{load}_w_per_thread_low"] = f"{round(central * low, 3):g}"
            watts[f"{load}_w_per_thread"] = f"{central:g}"
            watts[f"{load}_w_per_thread_high"] = f"{round(central * high, 3):g}"
        source = SOURCE.format(idle=ratio.idle, full=ratio.full, who=ratio.who) + part["tdp_source"]
        made.append({
            **like, **watts, "microarch": part["microarch"], "cores_per_chip": part["cores_per_chip"],
            "gb_per_chip": part["gb_per_chip"], "tdp_w": part["tdp_w"], "source": source, "source_release": "2026",
            "licence": part["licence"] if part["licence"] == "own estimate" else f"SPEC fair use; {part['licence']}",
            "verification": "estimate" if part["licence"] == "own estimate" else "derived", "note": part["note"],
        })  # fmt: skip
    return made
