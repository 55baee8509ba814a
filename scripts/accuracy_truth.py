"""The measured tables, and what the shipped power model says of each of their machines."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean, median

from accuracy_model import (
    BOARDS,
    Errors,
    Watts,
    at,
    coefficient,
    cpu_number,
    errors,
    host,
    instance,
    threads_per_chip,
)
from csv_tables import Row, read_csv

from models.power import cpu_power_w

LOADS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SHOWN = (0.0, 0.1, 0.3, 0.5, 1.0)
CLIENT_CHIPS = ("coffee-lake-e", "rocket-lake-e")  # Xeon E: no cloud server, outside the gates as before
MIN_RESULTS = 5
# A group of configurations is known by three of its values; they stand for 30, 40 and 30 % of it (Swanson's rule).
SWANSON = (0.3, 0.4, 0.3)
CPU_OF_HOST = {  # host_cpu of the node logs: family and threads per chip
    "7742": ("zen2-rome", 128), "7763": ("zen3-milan", 128), "8352V": ("ice-lake-sp", 72), "7542": ("zen2-rome", 64),
    "8480C": ("sapphire-rapids", 112), "8568Y": ("emerald-rapids", 96), "7713": ("zen3-milan", 128),
    "7282": ("zen2-rome", 32), "5423N": ("sapphire-rapids", 40),
}  # fmt: skip
BOARD_OF_NODE = {
    "A100-SXM": "NVIDIA A100 80GB SXM4", "A100-PCIe": "NVIDIA A100 80GB PCIe", "H100-PCIe": "NVIDIA H100 80GB PCIe",
    "H200-SXM": "NVIDIA H200 141GB SXM", "B200-SXM": "NVIDIA B200 180GB", "PCIe/HHHL Pro": "Qualcomm AI 100 Standard",
    "NVIDIA L4": "NVIDIA L4",
}  # fmt: skip
GIB_OF_TEXT = {
    "2 TB": 2048,
    "1 TB": 1024,
    "512 GB": 512,
    "256 GB": 256,
    "256GB": 256,
    "16x 64 GB": 1024,
    "8x 64 GB": 512,
}
CPU_OF_TRACKER = {"AMD EPYC 8024P": ("zen4c-siena", 16), "E5-2620 v3": ("haswell-ep", 24)}


class Truth:
    """The measured tables of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        servers = read_csv(folder / "spec_load_levels.csv")
        self.servers = [r for r in servers if int(r["hw_year"]) >= 2016 and r["microarch"] not in CLIENT_CHIPS]
        self.families: dict[str, list[Row]] = defaultdict(list)
        for row in self.servers:
            self.families[row["microarch"]].append(row)

    def table(self, name: str) -> list[Row]:
        """Return the rows of a table."""
        return read_csv(self.folder / f"{name}.csv")


def measured(row: Row, load: float) -> float:
    """Return the wall power of a server result in W."""
    return float(row["w_idle" if load == 0 else f"w_{round(load * 100)}"])


def tdp_w(row: Row) -> float:
    """Return the TDP of all chips of a server result in W."""
    return float(row["chips"]) * float(row["tdp_w_per_chip"])


Ends = Callable[[Row], tuple[str, float, float] | None]  # CPU row of the curve, idle W and full W per thread


def shipped(row: Row) -> tuple[str, float, float]:
    """The family's row as shipped."""
    family = row["microarch"]
    return family, cpu_number(family, "idle_w_per_thread"), cpu_number(family, "full_w_per_thread")


def left_out(truth: Truth) -> Ends:
    """The family's medians of all results but the one that is asked for; the shipped curve."""

    def ends(row: Row) -> tuple[str, float, float] | None:
        others = [other for other in truth.families[row["microarch"]] if other is not row]
        if not others:
            return None
        idle, full = (median(measured(o, load) / float(o["threads"]) for o in others) for load in (0.0, 1.0))
        return row["microarch"], idle, full

    return ends


def by_tdp(row: Row) -> tuple[str, float, float]:
    """Family unknown, TDP known: the generic row, scaled from its TDP per thread to that of the server."""
    tdp_per_thread = cpu_number("generic-x86", "tdp_w") / threads_per_chip("generic-x86")
    scale = tdp_w(row) / float(row["threads"]) / tdp_per_thread
    return (
        "generic-x86",
        scale * cpu_number("generic-x86", "idle_w_per_thread"),
        scale * cpu_number("generic-x86", "full_w_per_thread"),
    )


def other_families(truth: Truth) -> Ends:
    """Family unknown: the ratio of wall to TDP learnt again on all other families since 2017."""
    known = {
        family: [
            median(measured(row, load) / tdp_w(row) for f, rows in truth.families.items() if f != family for row in rows
                   if int(row["hw_year"]) >= 2017)
            for load in (0.0, 1.0)
        ]
        for family in truth.families
    }  # fmt: skip

    def ends(row: Row) -> tuple[str, float, float]:
        idle, full = (ratio * tdp_w(row) / float(row["threads"]) for ratio in known[row["microarch"]])
        return "generic-x86", idle, full

    return ends


def generic(_: Row) -> tuple[str, float, float]:
    """Nothing known but the number of threads: the generic row."""
    family = "generic-x86"
    return family, cpu_number(family, "idle_w_per_thread"), cpu_number(family, "full_w_per_thread")


def server_ratios(truth: Truth, ends: Ends) -> dict[str, dict[float, list[float]]]:
    """Family -> load -> model over measured of each result. The bare server: no memory term, no host overhead."""
    found: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in truth.servers:
        known = ends(row)
        if known is None:
            continue
        curve, idle, full = known
        for load in LOADS:
            watts = cpu_power_w(
                float(row["threads"]), load, idle_w_per_vcpu=idle, full_w_per_vcpu=full,
                curve_f10=cpu_number(curve, "curve_f10"), curve_f50=cpu_number(curve, "curve_f50"),
            )  # fmt: skip
            found[row["microarch"]][load].append(watts / measured(row, load))
    return found


def pooled(ratios: dict[str, dict[float, list[float]]]) -> dict[float, Errors]:
    """Return the errors at each load over all families."""
    return {load: errors([r for family in ratios.values() for r in family[load]]) for load in LOADS}


def family_mape(ratios: dict[str, dict[float, list[float]]]) -> float:
    """Return the mean over families of the mean error over all loads, in percent."""
    return 100 * fmean(fmean(abs(r - 1) for load in LOADS for r in family[load]) for family in ratios.values())


Weighted = list[tuple[float, float]]  # W of a board, configurations


def boards(truth: Truth) -> dict[str, Weighted]:
    """Return what boards drew while busy, by shipped accelerator."""
    found: dict[str, Weighted] = defaultdict(list)
    for row in truth.table("mlenergy_gpu_power"):
        values = (row["w_per_gpu_p10"], row["w_per_gpu_median"], row["w_per_gpu_p90"])
        found[row["gpu"]] += [
            (float(w), share * float(row["configurations"])) for w, share in zip(values, SWANSON, strict=True)
        ]
    for row in truth.table("gpu_board_power"):
        name = "NVIDIA A100 80GB SXM4" if row["gpu"].startswith("NVIDIA A100 80GB") else row["gpu"]
        if name in BOARDS:
            values = (row["w_min"], row["w_median"], row["w_max"])
            found[name] += [(float(w), share * float(row["runs"])) for w, share in zip(values, SWANSON, strict=True)]
    return dict(sorted(found.items()))


def weighted_median(points: Weighted) -> float:
    """Return the value below and above which half of the weight lies."""
    half, passed = sum(weight for _, weight in points) / 2, 0.0
    for value, weight in sorted(points):
        passed += weight
        if passed >= half:
            return value
    raise ValueError("no points")


def share_inside(points: Weighted, low: float, high: float) -> float:
    """Return the share of the weight between two ends."""
    return sum(weight for value, weight in points if low <= value <= high) / sum(weight for _, weight in points)


class Node:
    """The runs of one system of boards, measured at the wall."""

    def __init__(self, rows: Sequence[Row]) -> None:
        first = rows[0]
        self.name, self.capped = f"{first['system']} {first['round']}", first["power_mode"].startswith("MaxQ")
        self.accelerator = next(board for sign, board in BOARD_OF_NODE.items() if sign in first["accelerator"])
        self.accelerators = float(first["accelerators"])
        cpu, threads = next(found for sign, found in CPU_OF_HOST.items() if sign in first["host_cpu"])
        self.numbers = host(
            cpu, threads * float(first["host_chips"]), GIB_OF_TEXT[first["host_memory"]], self.accelerator,
            self.accelerators,
        )  # fmt: skip
        self.busy_w = [float(row["node_w_mean"]) for row in rows]
        self.idle_w = median(float(row["node_w_before_start"]) for row in rows if row["node_w_before_start"])
        self.busy, self.idle = at(self.numbers, 0.3, 1.0), at(self.numbers, 0.0, 0.0)
        self.busy_errors = errors([self.busy.central / watts for watts in self.busy_w])
        self.busy_ratio, self.idle_ratio = self.busy_errors.median, self.idle.central / self.idle_w
        limit = at(self.numbers | {"accelerator_busy_w": float(BOARDS[self.accelerator]["tdp_w"])}, 0.3, 1.0).central
        self.limit_ratio = median(limit / watts for watts in self.busy_w)


def nodes(truth: Truth) -> list[Node]:
    """Return the measured nodes whose boards the factor set knows."""
    runs: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in truth.table("mlperf_node_power"):
        if any(sign in row["accelerator"] for sign in BOARD_OF_NODE):
            runs[row["round"], row["system"]].append(row)
    return [Node(rows) for rows in runs.values()]


def coverage(
    truth: Truth, board_points: dict[str, Weighted], node_list: Sequence[Node]
) -> Iterator[tuple[str, int, float]]:
    """Yield each table, how many measurements it has, and the share of them inside low to high."""

    def counted(name: str, inside: Sequence[bool]) -> tuple[str, int, float]:
        return name, len(inside), fmean(inside)

    yield counted("spec_load_levels", [
        at(host(r["microarch"], float(r["threads"]), float(r["memory_gb"] or 0)), load).holds(measured(r, load))
        for r in truth.servers for load in SHOWN
    ])  # fmt: skip
    yield counted("ec2_metal_rapl", [watts.holds(w) for _, readings in metal(truth) for w, watts in readings])
    loads = {"idle": 0.0, "10": 0.1, "50": 0.5, "100": 1.0}
    inside = []
    for row in truth.table("memory_w_per_gb"):
        load = loads[row["load"]]
        low, high = (
            coefficient("memory.power_idle", end)
            + load * (coefficient("memory.power_heavy", end) - coefficient("memory.power_idle", end))
            for end in ("_low", "_high")
        )
        inside.append(low <= float(row["w_per_gb"]) <= high)
    yield counted("memory_w_per_gb", inside)
    yield counted("cpu_load_rapl", [
        at(host(*cpu, 0.0), float(row["cpu_load_percent"]) / 100).holds(float(row["rapl_w"]))
        for row in truth.table("cpu_load_rapl") for sign, cpu in CPU_OF_TRACKER.items()
        if sign in row["cpu"] and row["load_mode"] == "all_cores"
    ])  # fmt: skip
    for name, points in board_points.items():
        low, high = float(BOARDS[name]["busy_w_low"]), float(BOARDS[name]["busy_w_high"])
        yield f"boards: {name}", round(sum(weight for _, weight in points)), share_inside(points, low, high)
    yield counted("mlperf_node_power", [node.busy.holds(w) for node in node_list for w in node.busy_w])
    for resource, key in (("CPU", "cpu"), ("GPU", "gpu")):
        low, high = (coefficient(f"compute.{key}_utilisation_unknown", end) for end in ("_low", "_high"))
        means = [
            fmean(float(part) for part in row["mean_percent"].split("-"))
            for row in truth.table("utilisation") if ("GPU" in row["resource"]) == (resource == "GPU")
        ]  # fmt: skip
        yield counted(f"utilisation, {resource}", [low <= mean <= high for mean in means])


def metal(truth: Truth, pool: bool = False) -> list[tuple[str, list[tuple[float, Watts]]]]:
    """Return W of package and DRAM by RAPL beside the model, at idle, 10, 50 and 100 % stress, of EC2 bare metal."""
    found = []
    for row in truth.table("ec2_metal_rapl"):
        numbers = instance(f"aws:{row['platform']}")
        if pool:
            numbers = host(row["microarch"], float(row["threads"]), float(row["memory_gb"]))
        readings = [
            (float(row[f"package_w_{name}"]) + float(row[f"dram_w_{name}"]), at(numbers, load))
            for name, load in (("idle", 0.0), ("10", 0.1), ("50", 0.5), ("100", 1.0))
        ]
        found.append((row["platform"], readings))
    return found
