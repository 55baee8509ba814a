"""The CodeCarbon logs of the sample world, in the columns of three generations of the tool."""

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import sample_world as world
from sample_world import MACHINES

HOST_SHARE = 0.7  # what the tracker sees of processor and memory; boards it sees whole
DEFAULT_EXPERIMENT = "5b0fa12a-3dd7-45bb-9766-cc326314d9f1"  # CodeCarbon's own default, the same for everyone
_UTC, _OREGON = ZoneInfo("UTC"), "America/Los_Angeles"  # the zone in sample_data/wattledger.toml

_HEAD = (
    "timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,"
    "cpu_energy,gpu_energy,ram_energy,energy_consumed"
)
_PLACE = (
    "country_name,country_iso_code,region,cloud_provider,cloud_region,os,python_version,codecarbon_version,cpu_count,"
    "cpu_model,gpu_count,gpu_model,longitude,latitude,ram_total_size,tracking_mode"
)
_LOAD = "cpu_utilization_percent,gpu_utilization_percent,ram_utilization_percent,ram_used_gb"
GENERATIONS = {  # https://mlco2.github.io/codecarbon/output.html
    "2.7.4": f"{_HEAD},{_PLACE},on_cloud,pue",
    "3.0.9": f"{_HEAD},water_consumed,{_PLACE},on_cloud,pue,wue",
    "3.3.2": f"{_HEAD},water_consumed,{_PLACE},{_LOAD},on_cloud,pue,wue",
}


@dataclass(frozen=True)
class Run:
    """A run as it really was: where, when (UTC), and the W that the tracker sees of each part."""

    path: str
    project: str
    release: str
    start: datetime
    hours: float
    cpu_w: float
    gpu_w: float
    ram_w: float
    cpus: int
    ram_gib: float
    gpu: str = ""
    gpus: int = 0
    cpu_model: str = "AMD EPYC 7R32"
    country: str = "United States,USA,oregon,-119.7,45.8"
    zone: str = _OREGON
    system: str = "Linux-6.8.0-1029-aws-x86_64-with-glibc2.39"
    rows: int = 1  # more than one: flush() and stop() write cumulative rows of one run
    finding: str = "L1"
    note: str = ""

    @property
    def kwh(self) -> float:
        """IT energy that the tracker records, in kWh."""
        return (self.cpu_w + self.gpu_w + self.ram_w) * self.hours / 1000


def _on(
    type_: str, path: str, project: str, release: str, start: datetime, hours: float, board_w: float, **more: object
) -> Run:
    """A run on a machine of the bill that draws ``board_w`` W on each board; of the host the tracker sees a share."""
    machine = MACHINES[type_]
    ram_w = min(machine.gib * 0.1, 60.0)
    cpu_w = machine.host_w * HOST_SHARE - ram_w
    gpu = {"A10G": "NVIDIA A10G", "A100": "NVIDIA A100-SXM4-40GB"}.get(machine.accelerator, "")
    return Run(path, project, release, start, hours, cpu_w, machine.accelerators * board_w, ram_w, machine.vcpu,
               machine.gib * 0.965, gpu, machine.accelerators, **more)  # type: ignore[arg-type]  # fmt: skip


def _at(day: int, hour: int) -> datetime:
    return world.JUNE.replace(day=day, hour=hour)


RUNS = (
    _on("g5.2xlarge", "finetune/emissions.csv", f"app=finetune|rid={world.FINETUNE_HOST}", "3.3.2", _at(3, 16),
        20.0, 190.0, note="the project name carries the resource id; GPU energy is measured"),
    _on("g5.2xlarge", "embed-eval/emissions.csv", "team=ml|job=embed-eval", "3.3.2", _at(5, 17), 6.0, 95.0,
        finding="L2", note="the tags of the project name are those of one instance"),
    _on("g5.12xlarge", "sweep/emissions.csv", "hyperparameter-sweep", "3.3.2", _at(10, 15), 12.0, 110.0, finding="L3",
        note="four A10G and 48 processors: one billed instance looks like that"),
    *(_on("p4d.24xlarge", f"pretrain/rank{rank}/emissions.csv", f"app=pretrain|rid={world.PRETRAIN_HOST}", "3.0.9",
          _at(17, 10) + timedelta(seconds=rank), 58.0, 240.0,
          cpu_model="Intel(R) Xeon(R) Platinum 8275CL CPU @ 3.00GHz",
          note="one of eight ranks, each of which logs the whole host: it counts once") for rank in range(8)),
    _on("g5.2xlarge", "nightly-eval/emissions.csv", f"app=nightly-eval|rid={world.EVAL_HOST}", "3.0.9", _at(12, 17),
        6.0, 110.0, rows=3, note="two flush() and one stop(): three cumulative rows of one run"),
    Run("prepare/emissions.csv", f"app=prepare|rid={world.PREPARE_HOST}", "2.7.4", _at(11, 8), 10.0, 42.5, 0.0, 11.6, 8,
        30.9, cpu_model="Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz", finding="L1",
        note="the processor is a constant of 42.5 W: grade D, not comparable"),
    Run("summaries/emissions.csv", "summaries", "3.3.2", _at(18, 9), 5.0, 11.0, 0.0, 5.0, 4, 15.4,
        cpu_model="Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz", country="United States,USA,virginia,-77.5,39.0",
        finding="L4", note="several billed instances look like that"),
    Run("workstation/emissions.csv", "thesis|tz=Europe/Berlin", "3.3.2", _at(20, 7), 3.0, 60.0, 310.0, 20.0, 32, 125.7,
        "NVIDIA GeForce RTX 4090", 1, "AMD Ryzen 9 7950X 16-Core Processor", "Germany,DEU,bavaria,11.6,48.1",
        "Europe/Berlin", "Linux-6.11.0-26-generic-x86_64-with-glibc2.40", finding="L5",
        note="a machine that no bill has"),
)  # fmt: skip


def write_logs(folder: Path) -> list[dict[str, str]]:
    """Write one log for each run and return their rows of expected.csv."""
    expected = []
    for number, run in enumerate(RUNS, start=1):
        run_id = str(UUID(int=0x5A000000_0000_4000_8000_000000000000 + number))
        path = folder / run.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(
                stream, GENERATIONS[run.release].split(","), extrasaction="ignore", lineterminator="\n"
            )
            writer.writeheader()
            writer.writerows(_cells(run, run_id, run.hours * part / run.rows) for part in range(1, run.rows + 1))
        expected.append(
            {
                "kind": "run",
                "month": f"{run.start:%Y-%m}",
                "account": "",
                "region": "",
                "run_id": run_id,
                "cause": run.finding,
                "kg_co2e": "",
                "it_energy_kwh": f"{run.kwh:.6f}",
                "within": "0.001",
                "note": run.note,
            }
        )
    return expected


def _cells(run: Run, run_id: str, hours: float) -> dict[str, object]:
    """Return what a row of the log says after that many hours, in the machine's local time."""
    country, iso3, region, longitude, latitude = run.country.split(",")
    end = (run.start + timedelta(hours=hours)).replace(tzinfo=_UTC).astimezone(ZoneInfo(run.zone))
    kwh = {name: watts * hours / 1000 for name, watts in (("cpu", run.cpu_w), ("gpu", run.gpu_w), ("ram", run.ram_w))}
    total = sum(kwh.values())
    kg = total * 0.37  # the tracker's own factor, kept beside and never used
    return {
        "timestamp": f"{end:%Y-%m-%dT%H:%M:%S}",
        "project_name": run.project,
        "run_id": run_id,
        "experiment_id": DEFAULT_EXPERIMENT,
        "duration": hours * 3600,
        "emissions": kg,
        "emissions_rate": kg / (hours * 3600),
        "cpu_power": run.cpu_w,
        "gpu_power": run.gpu_w,
        "ram_power": run.ram_w,
        **{f"{name}_energy": value for name, value in kwh.items()},
        "energy_consumed": total,
        "water_consumed": 0.0,
        "country_name": country,
        "country_iso_code": iso3,
        "region": region,
        "cloud_provider": "",
        "cloud_region": "",
        "os": run.system,
        "python_version": "3.11.9",
        "codecarbon_version": run.release,
        "cpu_count": run.cpus,
        "cpu_model": run.cpu_model,
        "gpu_count": run.gpus or "",
        "gpu_model": f"{run.gpus} x {run.gpu}" if run.gpu else "",
        "longitude": longitude,
        "latitude": latitude,
        "ram_total_size": run.ram_gib,
        "tracking_mode": "machine",
        "cpu_utilization_percent": 55.0,
        "gpu_utilization_percent": 80.0 if run.gpu else "",
        "ram_utilization_percent": 40.0,
        "ram_used_gb": run.ram_gib * 0.4,
        "on_cloud": "N",
        "pue": 1.0,
        "wue": 0.0,
    }
