"""What machines are made of and draw: CPUs, accelerators, instance types."""

from collections.abc import Callable
from pathlib import Path

import cpu_by_tdp
from csv_tables import Row

from factor_set.facts import EDITION, LICENCES, number, read

# Load curve by vendor: medians of SPECpower results of hardware since 2017.
CURVES = {"Intel": (0.17, 0.42), "AMD": (0.26, 0.57)}
CURVE_ALL = (0.18, 0.44)
CURVE_SOURCE = "own statistics over SPEC SPECpower_ssj2008 results (spec.org/power_ssj2008), hardware 2017 to 2025: "
CPU_BAND_NOTES = {  # (measured at the wall, estimated Arm)
    (True, False): "high end widened to 1.9 x idle and 2.4 x full: RAPL of EC2 bare metal under stress (Teads) is up "
    "to that far above SPECpower; low end .65 and .8 x: the lowest tenth of results",
    (False, True): "range widened to 0.5-2.5 x: no wall measurement is public",
}
# Boards on a baseboard with its own switch and cooling; every other board is a card.
LARGE_BOARD_W = 500
LOW_POWER_CARD_W = 75  # what the slot feeds
MODULES_UP_TO_400_W = ("SXM", "AWS Trainium", "Intel Gaudi")
CARDS = ("PCIe", "NVL", "RTX", "TPU")  # whatever their power


def cpus(folder: Path) -> list[Row]:
    """Return watts per thread, their bands widened to what measurement showed, and the vendor's load curve."""
    rows = []
    for row in read(folder, "cpu_power"):
        measured = row["method"] == "SPECpower"
        estimated_arm = row["isa"] == "arm64" and row["method"] in ("analogue", "pooled", "TDP-based")
        low_idle, low_full, high_idle, high_full = (0.5, 0.5, 2.5, 2.5) if estimated_arm else (0.65, 0.8, 1.9, 2.4)
        f10, f50 = CURVES.get(row["vendor"], CURVE_ALL)
        medians = {"Intel": "Intel medians", "AMD": "EPYC medians"}.get(row["vendor"], "medians of all")
        if row["isa"] == "arm64":
            medians += "; no Arm server has published load levels"
        rows.append({
            **{name: row[name] for name in ("microarch", "vendor", "isa", "threads_per_core", "source")},
            "idle_w_per_thread_low": bound(row, "idle", "low", low_idle, min),
            "idle_w_per_thread": number(row["idle_w_per_thread"]),
            "idle_w_per_thread_high": bound(row, "idle", "high", high_idle, max),
            "full_w_per_thread_low": bound(row, "full", "low", low_full, min),
            "full_w_per_thread": number(row["full_w_per_thread"]),
            "full_w_per_thread_high": bound(row, "full", "high", high_full, max),
            "curve_f10": number(f10), "curve_f50": number(f50),
            "gb_per_chip": number(row["gb_per_chip"]), "cores_per_chip": number(row["cores_per_chip_typical"]),
            "tdp_w": number(row["tdp_w_typical"]), "year": EDITION,
            "source_release": "2026-03-09" if measured else EDITION, "licence": LICENCES[row["licence"]],
            "verification": "derived" if measured else "estimate", "curve_source": CURVE_SOURCE + medians,
            "note": "; ".join(filter(None, (row["note"], CPU_BAND_NOTES.get((measured, estimated_arm))))),
        })  # fmt: skip
    return [*rows, *cpu_by_tdp.rows({row["microarch"]: row for row in rows})]


def bound(row: Row, load: str, side: str, factor: float, choose: Callable[[float, float], float]) -> str:
    """Return the wider of the stated end and the central value times a factor."""
    stated, central = float(row[f"{load}_w_per_thread_{side}"]), float(row[f"{load}_w_per_thread"])
    return number(choose(stated, round(central * factor, 3)))


def accelerators(folder: Path) -> list[Row]:
    """Return board power and embodied carbon, and which node overhead stands beside each board."""
    same = ("accelerator", "vendor", "kind", "embodied_basis", "source", "note")
    watts = [f"{load}_w{end}" for load in ("idle", "busy") for end in ("_low", "", "_high")]
    return [
        {
            **{name: row[name] for name in same},
            **{name: number(row[name]) for name in ("memory_gb", "tdp_w", *watts)},
            "node_overhead_key": node_overhead(row),
            "embodied_kg_co2e_low": number(row["embodied_kgco2e_low"]),
            "embodied_kg_co2e": number(row["embodied_kgco2e"]),
            "embodied_kg_co2e_high": number(row["embodied_kgco2e_high"]),
            "year": EDITION, "source_release": EDITION, "licence": LICENCES[row["licence"]],
            "verification": "estimate" if row["confidence"] == "low" else "published",
        }
        for row in read(folder, "gpu_power")
    ]  # fmt: skip


def node_overhead(row: Row) -> str:
    """Return the coefficient of what the node draws beside each board."""
    name = row["accelerator"]
    if "half board" in name:
        return "node.overhead_half_board"
    if float(row["tdp_w"]) <= LOW_POWER_CARD_W:
        return "node.overhead_low_power"
    large, module = float(row["tdp_w"]) >= LARGE_BOARD_W, any(word in name for word in MODULES_UP_TO_400_W)
    size = "small" if any(word in name for word in CARDS) else "large" if large else "medium" if module else "small"
    return f"node.overhead_{size}"


def instances(folder: Path) -> list[Row]:
    """Return the parts of every instance type; watts and embodied carbon are computed from them."""
    same = ("provider", "instance_type", "family", "category", "isa", "vcpu_is", "accelerator")
    own_cpu = cpu_by_tdp.microarch_of_models()
    return [
        {
            **{name: row[name] for name in (*same, "source", "note")},
            "microarch": own_cpu.get(row["cpu_model"], row["microarch"]),
            **{name: number(row[name]) for name in ("vcpu", "memory_gib", "host_vcpu", "host_memory_gib")},
            "host_sockets": number(row["host_sockets"]), "accelerator_count": number(row["accelerator_count"] or "0"),
            "local_ssd_gb": number(row["local_ssd_gb"] or "0"), "year": EDITION, "source_release": EDITION,
            "licence": LICENCES[row["licence"]], "verification": row["confidence"],
        }
        for row in read(folder, "instances")
    ]  # fmt: skip
