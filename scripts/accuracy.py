"""Make docs/accuracy.md, the power model held against measurements: `scripts/accuracy.py TRUTH_FOLDER [--check]`.

TRUTH_FOLDER holds the measured tables, which are not passed on; the page and tests/data/measured_power.csv hold
statistics of them. `--check` writes nothing and exits 1 where a file differs.
"""

import csv
import io
import sys
from collections.abc import Sequence
from math import log
from pathlib import Path
from statistics import median

from accuracy_model import (
    BOARDS,
    COEFFICIENTS,
    CPUS,
    NUMBER_OF_COEFFICIENT,
    ROOT,
    Errors,
    at,
    coefficient,
    instance,
    table,
)
from accuracy_truth import (
    LOADS,
    MIN_RESULTS,
    SHOWN,
    Truth,
    boards,
    by_tdp,
    coverage,
    family_mape,
    generic,
    left_out,
    measured,
    metal,
    nodes,
    other_families,
    pooled,
    server_ratios,
    share_inside,
    shipped,
    tdp_w,
    weighted_median,
)
from csv_tables import Row

PAGE = ROOT / "docs" / "accuracy.md"
STATISTICS = ROOT / "tests" / "data" / "measured_power.csv"
SPEC = "SPEC SPECpower_ssj2008 results (spec.org/power_ssj2008), hardware 2016 to 2025, read 2026-11; own statistics"
PEERS = {
    "2 CCF constants, straight line": "Cloud Carbon Footprint: constants by family, straight line",
    "3a TDP x Teads ratio, CPU only": "Teads: TDP x .12/.32/.75/1.02, CPU only",
    "3b same + RAM 0.38 W/GB": "Teads with memory at .38 W/GB",
    "4a Boavizta log profile refitted to TDP + RAM .284 W/GB": "Boavizta: log profile fitted to TDP, memory .284 W/GB",
    "4b Boavizta default profile, not rescaled + RAM": "Boavizta: default profile of the family",
}
LOAD_NAMES = ["idle", "10 %", "30 %", "50 %", "100 %"]
METAL_LOADS = ("idle", "10", "50", "100")
HIGH_CLOCK = ("z1d.metal", "m5zn.metal")


def main(arguments: Sequence[str]) -> int:
    """Write or check the page and the statistics; return the exit code."""
    folders = [Path(argument) for argument in arguments if argument != "--check"]
    if len(folders) != 1 or not folders[0].is_dir():
        print(__doc__.splitlines()[0], file=sys.stderr)  # noqa: T201
        return 2
    truth = Truth(folders[0])
    made = {PAGE: page(truth), STATISTICS: statistics(truth)}
    differing = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" not in arguments:
        for path in differing:
            path.write_text(made[path], encoding="utf-8")
    names = ", ".join(path.name for path in differing) or "none"
    print(f"{'differ' if '--check' in arguments else 'written'}: {names}")  # noqa: T201
    return 1 if "--check" in arguments and differing else 0


def page(truth: Truth) -> str:
    """Return docs/accuracy.md."""
    lines = [
        "# How accurate the power model is",
        "",
        "`scripts/accuracy.py` makes this page: it holds the shipped factors (`models/factors`) and formulas",
        "(`models/power.py`) against measurements. The measured tables are not passed on; "
        "statistics of them are, here and in",
        "`tests/data/measured_power.csv`. Cells read *median of model over measured / mean "
        "absolute error in % / p10-p90 of",
        "the ratio*; 1.00 is perfect.",
        "",
    ]
    for section in (gates, servers, metals, accelerators, node_table, bands, memory, utilizations, limits):
        lines += section(truth)
    return "\n".join(lines).rstrip("\n") + "\n"


def verdict(met: bool) -> str:
    """Return how a gate ends."""
    return "met" if met else "**not met**"


def within(errors: Errors, mape: float, low: float = 0.95, high: float = 1.05) -> bool:
    """Whether the median and the mean error stay in their limits."""
    return low <= errors.median <= high and errors.mape <= mape


def gates(truth: Truth) -> list[str]:
    """Return the five gates with their figures."""
    one_out = pooled(server_ratios(truth, left_out(truth)))
    curve = all(within(one_out[load], 15) for load in (0.1, 0.2, 0.3, 0.4, 0.5))
    ends = within(one_out[0.0], 25) and within(one_out[1.0], 12)
    unknown, relearnt = (
        family_mape(server_ratios(truth, by_tdp)),
        family_mape(server_ratios(truth, other_families(truth))),
    )
    points = boards(truth)
    main_boards = [name for name in points if name.endswith(("SXM5", "B200 180GB"))]
    board_text, board_met = [], True
    for name in main_boards:
        ratio = float(BOARDS[name]["busy_w"]) / weighted_median(points[name])
        inside = share_inside(points[name], float(BOARDS[name]["busy_w_low"]), float(BOARDS[name]["busy_w_high"]))
        board_text.append(f"{name} {ratio:.2f}, {100 * inside:.0f} % inside")
        board_met &= 0.9 <= ratio <= 1.1 and inside >= 0.85
    free = [node for node in nodes(truth) if not node.capped and node.accelerator.startswith("NVIDIA")]
    node_text = [f"all runs {median(node.busy.central / w for node in free for w in node.busy_w):.2f}"] + [
        f"{node.name} {node.busy_ratio:.2f} ({node.limit_ratio:.2f} with boards at their limit), before start"
        f" {node.idle_ratio:.2f}" for node in free
    ]  # fmt: skip
    node_met = all(0.85 <= node.busy_ratio <= 1.15 and node.idle_ratio >= 0.75 for node in free)
    covered = list(coverage(truth, points, nodes(truth)))
    missed = [f"{name} {100 * share:.0f} %" for name, _, share in covered if share < 0.8]
    reached = f"{sum(share >= 0.8 for _, _, share in covered)} of {len(covered)} tables"
    rows = [
        ("1 curve and end points, result left out", "median .95-1.05; error 15 % at 10-50 %, 12 % at 100 %, 25 % idle",
         "; ".join(f"{n} {one_out[load].median:.2f} / {one_out[load].mape:.0f}"
                   for n, load in zip(LOAD_NAMES, SHOWN, strict=True)), verdict(curve and ends)),
        ("2 family unknown, TDP known", "error at most 20 %, each family once",
         f"shipped ratio {unknown:.0f} %; learnt again without the family {relearnt:.0f} %", verdict(unknown <= 20)),
        ("3 boards", "busy W over median .90-1.10, 85 % of configurations inside", "; ".join(board_text),
         verdict(board_met)),
        ("4 nodes of boards at the wall, uncapped", "busy .85-1.15, before start at least .75", "; ".join(node_text),
         verdict(node_met)),
        ("5 low to high", "holds 80 % of every table", reached + (f"; below: {', '.join(missed)}" if missed else ""),
         verdict(not missed)),
    ]  # fmt: skip
    return ["## The gates", "", *table(["gate", "asked", "measured", ""], rows)]


def servers(truth: Truth) -> list[str]:
    """Return the errors of our ways and of other tools on server results."""
    ways = {
        "ours, family row as shipped": server_ratios(truth, shipped),
        "ours, family median of the other results": server_ratios(truth, left_out(truth)),
        "ours, family unknown: wall over TDP as shipped": server_ratios(truth, by_tdp),
        "ours, the same learnt without the family": server_ratios(truth, other_families(truth)),
        "ours, nothing known: generic-x86 per thread": server_ratios(truth, generic),
    }
    rows: list[list[str]] = []
    best: dict[float, tuple[float, str]] = {}
    for name, ratios in ways.items():
        found = pooled(ratios)
        rows.append([name, *(str(found[load]) for load in SHOWN), f"{family_mape(ratios):.0f}"])
    ours = pooled(ways["ours, family row as shipped"])
    peers = [row for row in truth.table("baseline_errors") if row["truth"].startswith("SPECpower wall")]
    for label, name in PEERS.items():
        cells = [name]
        for load in SHOWN:
            at_load = "idle" if load == 0 else str(round(load * 100))
            row = next(r for r in peers if r["model"] == label and r["load"] == at_load)
            mape = float(row["mape_percent"])
            cells.append(
                f"{float(row['median_ratio']):.2f} / {mape:.0f} / {float(row['p10']):.2f}-{float(row['p90']):.2f}"
            )
            best[load] = min(best.get(load, (mape, name)), (mape, name))
        rows.append([*cells, ""])
    closer = [
        f"at {load_name} {best[load][1].split(':')[0]} ({best[load][0]:.1f} against our {ours[load].mape:.1f} %)"
        for load, load_name in zip(SHOWN, LOAD_NAMES, strict=True) if best[load][0] < ours[load].mape
    ]  # fmt: skip
    families = [
        [name, len(rows_), *(f"{median(measured(r, load) / float(r['threads']) for r in rows_):.2f}" for load in SHOWN),
         f"{median(measured(r, 1.0) / tdp_w(r) for r in rows_):.2f}"]
        for name, rows_ in sorted(truth.families.items()) if len(rows_) >= MIN_RESULTS
    ]  # fmt: skip
    shipped_rows = [
        [
            name,
            *(_ranged(CPUS[name], f"{load}_w_per_thread", f"{load}_w_per_thread_") for load in ("idle", "full")),
            *(CPUS[name][column] for column in ("curve_f10", "curve_f50")),
        ]
        for name in CPUS if name in truth.families or CPUS[name]["source"].startswith("wall over")
    ]  # fmt: skip
    return [
        "## Servers at the wall", "",
        f"{len(truth.servers)} SPECpower_ssj2008 results of {len(truth.families)} server "
        "families, hardware since 2016.",
        "The family rows and most peers' constants come from results of this kind too, so "
        "only the rows with the result or",
        "the family left out are honest forecasts. The bare server is compared: no host "
        "overhead, no extra memory. Last",
        "column: mean error over all loads in %, each family once.", "",
        *table(["model", *LOAD_NAMES, "family error"], rows),
        f"A peer is closer than our shipped family row {'; '.join(closer) or 'at none of these loads'}.",
        "Without the family, TDP carries most of the knowledge; the generic row per thread is "
        "the last rung and shows it.", "",
        "Measured medians, W per thread (families with five results and more); last column "
        "wall over TDP at full load:", "",
        *table(["family", "results", *LOAD_NAMES, "wall/TDP"], families),
        "Shipped rows, W per thread and share of the span at 10 and 50 %:", "",
        *table(["row", "idle (low-high)", "full (low-high)", "f10", "f50"], shipped_rows),
    ]  # fmt: skip


def _ranged(row: Row, central: str, end: str) -> str:
    """Return a value with its ends as the factor set states them."""
    return f"{row[central]} ({row[f'{end}low']}-{row[f'{end}high']})"


def metals(truth: Truth) -> list[str]:
    """Return EC2 bare metal under stress, and what a row of its own does for high clocks."""
    pool = dict(metal(truth, pool=True))
    rows = [
        [name, " / ".join(f"{w:.0f}" for w, _ in readings), " ".join(f"{m.central / w:.2f}" for w, m in readings),
         " ".join(f"{m.central / w:.2f}" for w, m in pool[name]) if name in HIGH_CLOCK else "",
         f"{sum(m.holds(w) for w, m in readings)} of {len(readings)}"]
        for name, readings in metal(truth)
    ]  # fmt: skip
    peer = {
        (row["truth"].split()[1], row["load"]): float(row["median_ratio"])
        for row in truth.table("baseline_errors")
        if row["truth"].startswith("EC2 ") and row["model"].startswith("2 CCF")
    }  # fmt: skip
    for row in rows:
        row.insert(4, " ".join(f"{peer[row[0], load]:.2f}" for load in METAL_LOADS))
    nearer = [
        f"{name} at {load if load == 'idle' else load + ' %'}"
        for name, readings in metal(truth)
        for load, (w, m) in zip(METAL_LOADS, readings, strict=True)
        if abs(log(peer[name, load])) < abs(log(m.central / w))
    ]
    return [
        "## EC2 bare metal under stress", "",
        "RAPL of packages and memory inside bare metal at idle, 10, 50 and 100 % stress "
        "(Teads EC2 power dataset, copy in CCF,",
        "Apache-2.0): a lower bound, without fans, drives and supply. Stress draws more than "
        "tuned Java: the truth for tenants",
        "lies between this and the table above. z1d and m5zn stand on CPU rows of their own, "
        "scaled by package power per thread",
        "(the package power at full stress is their only published figure, so their last load "
        "is no independent check).", "",
        *table(["platform", "W", "ours / RAPL", "ours, pooled family row", "CCF / RAPL", "inside low-high"], rows),
        f"CCF is closer at {len(nearer)} of {sum(len(readings) for _, readings in metal(truth))} readings: "
        f"{'; '.join(nearer) or 'none'}.", "",
    ]  # fmt: skip


def accelerators(truth: Truth) -> list[str]:
    """Return boards at work."""
    rows = []
    for name, points in boards(truth).items():
        row, middle = BOARDS[name], weighted_median(points)
        low, high = float(row["busy_w_low"]), float(row["busy_w_high"])
        flat = f"{float(row['tdp_w']) / middle:.2f}"
        half = f"{(float(row['idle_w']) + float(row['tdp_w'])) / 2 / middle:.2f}"
        rows.append(
            [
                name,
                round(sum(w for _, w in points)),
                f"{middle:.0f}",
                f"{row['busy_w']} ({low:g}-{high:g})",
                f"{float(row['busy_w']) / middle:.2f}",
                f"{100 * share_inside(points, low, high):.0f} %",
                flat,
                half,
            ]
        )
    return [
        "## Boards at work", "",
        "NVML energy per board: ML.ENERGY (H100, B200; inference), Zeus (V100, P100; "
        "training), LLM serving (A100). A group of",
        "configurations is known by p10, median and p90 (or lowest, median, highest), counted 30, 40 and 30 %.", "",
        *table(["board", "runs", "median W", "busy W (low-high)", "busy / median", "inside", "flat TDP / median",
                "half way idle-TDP (CCF) / median"], rows),
        "Small training jobs leave V100 and P100 at 35 to 65 W: no constant holds there, only "
        "metered utilization does.", "",
    ]  # fmt: skip


def node_table(truth: Truth) -> list[str]:
    """Return nodes of boards at the wall."""
    rows = [
        [node.name, f"{node.accelerators:g} x {node.accelerator}", "capped" if node.capped else "uncapped",
         f"{min(node.busy_w):.0f}-{max(node.busy_w):.0f}", str(node.busy_errors), f"{node.idle_w:.0f}",
         f"{node.idle_ratio:.2f}"]
        for node in nodes(truth)
    ]  # fmt: skip
    p5, p4d = (instance(f"aws:{name}") for name in ("p5.48xlarge", "p4d.24xlarge"))
    p5_w, p4d_w = at(p5, 0.3, 1.0), at(p4d, 0.3, 1.0)
    return [
        "## Nodes of boards at the wall", "",
        "MLPerf Inference power logs (MLCommons, closed division, Apache-2.0), whole node; "
        "model: boards busy, CPU at 30 %,",
        "with the node overhead per board and the host overhead. Capped (MaxQ) nodes run "
        "below their board limit, so 1.00",
        "there leans low; a B200 node saturates its boards in MLPerf, which serving does not: "
        "with boards at their limit",
        "the sum of parts agrees, so the central value of such a node is too low for full "
        "load and right for serving.", "",
        *table(["node", "boards", "power", "measured W", "busy, model / measured", "idle W", "idle ratio"], rows),
        f"p5.48xlarge (eight H100) with boards busy and CPU at 30 %: {p5_w.central / 1000:.2f} kW"
        f" ({p5_w.low / 1000:.2f}-{p5_w.high / 1000:.2f}). Such nodes were measured at 7.75 kW "
        "in heavy training and 8.4 kW"
        " at most (Latif et al. 2025; Newkirk et al. 2025): our central value is"
        f" {p5_w.central / 7750:.2f} and {p5_w.central / 8400:.2f} of it, **too low for heavy "
        "training**, as boards there"
        " run near their limit of 700 W and ours at the "
        f"{BOARDS['NVIDIA H100 80GB SXM5']['busy_w']} W of inference. The"
        f" training figure lies {'inside' if p5_w.holds(7750) else 'outside'} low to high, the peak"
        f" {'inside' if p5_w.holds(8400) else 'outside'}.", "",
        f"p4d.24xlarge (eight A100): {p4d_w.central / 1000:.2f} kW ({p4d_w.low / 1000:.2f}-{p4d_w.high / 1000:.2f});"
        " DGX A100 nodes drew 2.90 to 3.46 kW capped, and the maker's rating of 6.5 kW is "
        "what the supply must stand.", "",
    ]  # fmt: skip


def bands(truth: Truth) -> list[str]:
    """Return how much of each table lies between low and high."""
    rows = [
        [name, count, f"{100 * share:.0f} %"] for name, count, share in coverage(truth, boards(truth), nodes(truth))
    ]
    return [
        "## What low to high holds", "",
        "Servers and bare metal at known load, nodes with boards busy and CPU at 30 %: the bands of the rate card. "
        "`cpu_load_rapl` is RAPL of the",
        "package alone on two small hosts, held against our whole server. Meters of trackers and joules per token are",
        "other quantities: they are in [reconciliation.md](reconciliation.md) and in the token coefficients.", "",
        *table(["table", "measurements", "inside"], rows),
        "Beside the ranges of CPU rows and boards above, the bands rest on these coefficients:", "",
        *table(["coefficient", "low to high"], [
            [key, _ranged(COEFFICIENTS[key], "central", "")] for key in
            (*NUMBER_OF_COEFFICIENT.values(), *sorted({row["node_overhead_key"] for row in BOARDS.values()} - {""}))
        ]),
    ]  # fmt: skip


def memory(truth: Truth) -> list[str]:
    """Return memory by load."""
    rows = []
    for row in truth.table("memory_w_per_gb"):
        load = 0.0 if row["load"] == "idle" else float(row["load"]) / 100
        low, central, high = (
            coefficient("memory.power_idle", end)
            + load * (coefficient("memory.power_heavy", end) - coefficient("memory.power_idle", end))
            for end in ("_low", "", "_high")
        )
        rows.append([row["truth"], row["load"], row["w_per_gb"], f"{central:.2f} ({low:.2f}-{high:.2f})"])
    return ["## Memory", "",
            "W per GiB above what the CPU figure holds, straight from idle to full load: between "
            "what a tuned server and what",
            "stressed memory draws. One value for all loads (CCF takes .392) was four times the "
            "first and .4 of the second.", "",
            *table(["measured", "load", "W/GiB", "ours"], rows)]  # fmt: skip


def utilizations(truth: Truth) -> list[str]:
    """Return what the assumed utilization does."""
    cpu, gpu = ([coefficient(f"compute.{kind}_utilisation_unknown", end) / 100 for end in ("_low", "", "_high")]
                for kind in ("cpu", "gpu"))  # fmt: skip
    rows = []
    for name in ("aws:m5.large", "aws:r5.24xlarge", "aws:m7a.large", "aws:p4d.24xlarge", "aws:p5.48xlarge"):
        numbers = instance(name)
        watts = [at(numbers, c, g).central for c, g in zip((*cpu, 0.5), (*gpu, 0.5), strict=True)]
        rows.append([name, *(f"{w:.4g}" for w in watts), f"{watts[0] / watts[1]:.2f}-{watts[2] / watts[1]:.2f}"])
    seen = [f"{row['population']} ({row['year']}): {row['mean_percent']} %" for row in truth.table("utilisation")]
    return ["## Utilization when nobody measured it", "",
            f"CPU {100 * cpu[1]:.0f} % ({100 * cpu[0]:.0f}-{100 * cpu[2]:.0f}), boards {100 * gpu[1]:.0f} %"
            f" ({100 * gpu[0]:.0f}-{100 * gpu[2]:.0f}). Means that were published: {'; '.join(seen)}.",
            "Watts at those loads, and at the 50 % that CCF assumes:", "",
            *table(["type", "low", "central", "high", "at 50 %", "low and high over central"], rows)]  # fmt: skip


def limits(_: Truth) -> list[str]:
    """Return what these figures do not show."""
    return [
        "## What this does not show", "",
        "- Vendors tune what they submit to SPEC; four families carry 72 % of the sample; "
        "Genoa and Turin stand for one result each.",
        "- RAPL leaves out fans, supply and network; NVML leaves out the host.",
        "- No wall measurement of Graviton, Axion, Cobalt, Trainium, Inferentia or TPU hosts "
        "is public: those rows are estimates.",
        "- No provider publishes energy beside a bill; none of this is a check of kg CO2e.",
    ]  # fmt: skip


def statistics(truth: Truth) -> str:
    """Return tests/data/measured_power.csv: statistics of the measurements, none of the model."""
    rows: list[list[object]] = []
    for name, results in sorted(truth.families.items()):
        if len(results) >= MIN_RESULTS:
            for load in LOADS:
                value = median(measured(row, load) / float(row["threads"]) for row in results)
                rows.append(
                    ["server", name, len(results), f"W per thread at {load:g}", f"{value:.4g}", SPEC, "SPEC fair use"]
                )
                value = median(measured(row, load) / tdp_w(row) for row in results)
                rows.append(
                    ["server", name, len(results), f"wall over TDP at {load:g}", f"{value:.4g}", SPEC, "SPEC fair use"]
                )
    for name, points in boards(truth).items():
        runs = round(sum(weight for _, weight in points))
        source = "ML.ENERGY leaderboard 2026-02, Zeus NSDI 2023 trace, chuyishang/inference-energy; own statistics"
        rows.append(
            ["board", name, runs, "busy W, median", f"{weighted_median(points):.4g}", source, "statistics only"]
        )
    for node in nodes(truth):
        key = f"{node.name} {'capped' if node.capped else 'uncapped'}"
        source = "MLPerf Inference power logs (MLCommons, closed division); own averages"
        for what, value in (("busy W, median", median(node.busy_w)), ("before start W, median", node.idle_w)):
            rows.append(["node", key, len(node.busy_w), what, f"{value:.5g}", source, "Apache-2.0"])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([["truth", "key", "n", "quantity", "value", "source", "licence"], *rows])
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
