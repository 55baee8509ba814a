"""Two machines of one's own at two sites, worked out by hand from the rows of the inventory and the meter to kg CO2e.

Machine r1 at fra-1: 40 cores of skylake-sp in 2 sockets, 384 GiB, all June 2023. Per hardware thread 0.532 W idle and
4.118 W full; two threads a core make 80. At the default load of 18 % the curve gives
0.17 + 0.08 / 0.4 x (0.42 - 0.17) = 0.22.

    CPU      (42.56 + 0.22 x (329.44 - 42.56)) x 1.2 = 126.80832 W
    memory   0.12 + 0.18 x (0.4 - 0.12) = 0.1704 W/GiB; the CPU figure holds 80 x 96 / 56 = 137.142857 GiB, so
             246.857143 GiB x 0.1704 W x 1.2 = 50.477349 W
    hour     0.177285669 kWh; June has 720: 127.645681 kWh
    embodied (1000 + 100 + 384 x 1.39) kg / (6 x 8760 h) = 0.0310837 kg an hour: 22.380274 kg

Machine r2 at par-1: 64 cores of zen3-milan in 1 socket, 256 GiB, 10 hours. 0.424 W and 1.916 W, 128 threads; the curve
gives 0.26 + 0.08 / 0.4 x (0.57 - 0.26) = 0.322.

    CPU      (54.272 + 0.322 x (245.248 - 54.272)) x 1.2 = 138.919526 W
    memory   the CPU figure holds 128 GiB; 128 GiB x 0.1704 W x 1.2 = 26.17344 W
    10 hours 1.650929664 kWh
    embodied (1000 + 256 x 1.39) kg / (6 x 8760 h) x 10 h = 0.257960 kg

fra-1 has a meter: 39,000 kWh and 33,000 kWh over 30,000 kWh of IT each, so 72,000 / 60,000 = 1.2. Two meters of class 1
are off by sqrt(2) x 1 %: 1.2 x (1 -+ 0.0141421). par-1 has none: 1.57, from 1.2 to 1.8. The grids are those of Germany
and France in 2023, 362.9 and 53.3 g CO2e/kWh over the life cycle.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import jobs
from wattledger.config import Config, load_config
from wattledger.errors import Exit

CONFIG = """
[[source]]
name = "racks"
kind = "machine-inventory"
location = "machines"
timezone = "UTC"
mapping = "sites.csv"

[[source]]
name = "dcim"
kind = "pue-meter"
location = "meters"
timezone = "UTC"
mapping = "sites.csv"
"""
MACHINES = "machine,site,cpu,cores,sockets,memory_gib,from,to,hours,cost,currency\n"
R1 = "r1,fra-1,skylake-sp,40,2,384,2023-06-01,2023-07-01,,720,EUR\n"
R2 = "r2,par-1,zen3-milan,64,1,256,2023-06-01,,10,,\n"
READINGS = "site,interval_start,interval_end,facility_energy_kwh,it_energy_kwh\n"
FIRST_HALF, SECOND_HALF = "fra-1,2023-06-01,2023-06-16,39000,30000\n", "fra-1,2023-06-16,2023-07-01,33000,30000\n"
SITES = "site,region,grid_zone\nfra-1,,iso3:DEU\npar-1,,iso3:FRA\n"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Config]:
    """The two machines and the meter of fra-1, not yet synced."""
    (tmp_path / "wattledger.toml").write_text(CONFIG)
    for name, text in (
        ("machines/june.csv", MACHINES + R1 + R2),
        ("meters/fra.csv", READINGS + FIRST_HALF + SECOND_HALF),
        ("sites.csv", SITES),
    ):
        write(tmp_path / name, text)
    yield load_config(tmp_path / "wattledger.toml", environ={})


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def rows(config: Config, query: str) -> list[dict[str, Any]]:
    table = jobs.sql(config, query)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def by_machine(config: Config) -> dict[str, dict[str, Any]]:
    """Sums of the lines of each machine."""
    found = rows(
        config,
        "select resource_id, count(*) as lines, sum(it_energy_kwh::decimal(38, 15))::double as it_energy_kwh, "
        "any_value(pue) as pue, sum(energy_kwh::decimal(38, 15))::double as energy_kwh, "
        "sum(location_based_kg_co2e::decimal(38, 15))::double as kg, "
        "sum(embodied_kg_co2e::decimal(38, 15))::double as embodied_kg, sum(billed_cost) as cost, "
        "any_value(factor_resolution) as factor_resolution, any_value(gap_reason) as gap_reason "
        "from ledger.lines group by resource_id",
    )
    return {row["resource_id"]: row for row in found}


def site(config: Config, region_id: str) -> dict[str, Any]:
    (found,) = rows(config, f"select * from core.site_factor where region_id = '{region_id}'")
    return found


def test_two_machines_at_two_sites_come_out_as_worked_out_by_hand(project: Config) -> None:
    assert jobs.sync(project)[1] is Exit.OK
    found = by_machine(project)
    r1, r2 = found["r1"], found["r2"]
    assert (r1["lines"], r2["lines"]) == (30, 1)
    assert r1["it_energy_kwh"] == pytest.approx(127.645681, rel=1e-8)
    assert r1["energy_kwh"] == pytest.approx(127.645681 * 1.2, rel=1e-8)  # 153.174818 kWh
    assert r1["kg"] == pytest.approx(153.174818 * 0.3629, rel=1e-8)  # 55.587141 kg
    assert r1["embodied_kg"] == pytest.approx(22.380274, rel=1e-7)
    assert r2["it_energy_kwh"] == pytest.approx(1.650929664, rel=1e-9)
    assert r2["kg"] == pytest.approx(1.650929664 * 1.57 * 0.0533, rel=1e-9)
    assert r2["embodied_kg"] == pytest.approx(0.257960, rel=1e-5)
    assert (r1["cost"], r2["cost"]) == (720, None)


def test_the_measured_pue_is_exact_narrow_and_names_its_meter(project: Config) -> None:
    jobs.sync(project)
    fra, par = site(project, "fra-1"), site(project, "par-1")
    assert (fra["pue"], fra["pue_resolution"], fra["pue_year"]) == (1.2, "exact", 2023)
    assert fra["pue_low"] == pytest.approx(1.2 * (1 - math.sqrt(2) / 100))
    assert fra["pue_high"] == pytest.approx(1.2 * (1 + math.sqrt(2) / 100))
    assert fra["pue_ref"] == "pue/own:fra-1/2023-06+dcim/fra-1"
    assert (par["pue"], par["pue_low"], par["pue_high"], par["pue_resolution"]) == (1.57, 1.2, 1.8, "default")


def test_hours_without_a_reading_widen_the_range_to_the_published_one(project: Config) -> None:
    """Half of June at 1.3, the rest anywhere from 1.2 to 1.8: low 0.65 x 0.985858 + 0.6, high 0.65 x 1.014142 + 0.9."""
    write(project.path.parent / "meters" / "fra.csv", READINGS + FIRST_HALF)
    jobs.sync(project)
    fra = site(project, "fra-1")
    assert (fra["pue"], fra["pue_hours_share"]) == (1.3, 0.5)
    assert fra["pue_low"] == pytest.approx(1.240808, rel=1e-6)
    assert fra["pue_high"] == pytest.approx(1.559192, rel=1e-6)
    assert "50.0 % of the hours" in fra["pue_note"]


def test_a_reading_over_the_end_of_a_month_is_divided_by_its_hours(project: Config) -> None:
    """Of 48 h from 30 June, 24 belong to June: 120 of 240 kWh over 100 of 200 kWh."""
    write(project.path.parent / "meters" / "fra.csv", f"{READINGS}fra-1,2023-06-30,2023-07-02,240,200\n")
    jobs.sync(project)
    fra = site(project, "fra-1")
    assert (fra["pue_facility_energy_kwh"], fra["pue_it_energy_kwh"]) == (120, 100)
    assert fra["pue_hours_share"] == pytest.approx(1 / 30)


def test_the_same_hours_in_two_files_count_once(project: Config) -> None:
    write(project.path.parent / "meters" / "again.csv", READINGS + FIRST_HALF)
    jobs.sync(project)
    assert site(project, "fra-1")["pue_it_energy_kwh"] == 60_000


def test_other_readings_are_a_restatement_by_factors_from_the_old_figure_to_the_new(project: Config) -> None:
    """The bill stands before the meter in the configuration; the meter is read first all the same: 1.2, then 1.3."""
    jobs.sync(project)
    write(project.path.parent / "meters" / "fra.csv", READINGS + FIRST_HALF)
    jobs.sync(project)
    found = rows(
        project,
        "select cause, source, region_id, energy_kwh_from, energy_kwh_to from ledger.restatements order by recorded_at",
    )
    assert [(row["cause"], row["source"], row["region_id"]) for row in found] == [("factors", "racks", "fra-1")]
    kwh = 127.645681
    assert [(row["energy_kwh_from"], row["energy_kwh_to"]) for row in found] == [
        (pytest.approx(kwh * 1.2), pytest.approx(kwh * 1.3)),
    ]
    assert jobs.sync(project)[0].rows == []  # twice is the same as once


def test_explain_shows_the_two_sums_and_agrees(project: Config) -> None:
    jobs.sync(project)
    (line,) = rows(project, "select min(line_id) as line_id from ledger.lines where resource_id = 'r1'")
    tables = jobs.explain(project, line=line["line_id"])
    shown = [" | ".join(str(value) for value in row) for table in tables for row in table.rows]
    (step,) = [text for text in shown if text.startswith("PUE (")]
    assert "measured by dcim/fra-1 in 100.0 % of the hours" in step
    assert "pue_facility_energy_kwh / pue_it_energy_kwh | 72000 / 60000 | 1.2" in step
    assert any("pue/own:fra-1/2023-06+dcim/fra-1" in text and "own meters" in text for text in shown)
    assert any("region/own:fra-1@iso3:DEU" in text and "mapping file" in text for text in shown)


def test_a_site_whose_water_nobody_measured_has_that_of_its_grid_alone(project: Config) -> None:
    jobs.sync(project)
    (r1,) = rows(
        project,
        "select sum(water_offsite_l::decimal(38, 15))::double as offsite_l, any_value(water_onsite_l) as onsite_l, "
        "any_value(water_l) as water_l, any_value(water_gap_reason) as reason "
        "from ledger.lines where resource_id = 'r1'",
    )
    assert r1["offsite_l"] == pytest.approx(153.174818 * 1.947, rel=1e-8)  # Germany's grid
    assert (r1["onsite_l"], r1["water_l"]) == (None, None)
    assert r1["reason"] == "on-site: no water usage effectiveness within two years of 2023 for own fra-1"


def test_a_site_on_another_grid_moves_its_machines_and_no_others(project: Config) -> None:
    jobs.sync(project)
    write(project.path.parent / "sites.csv", SITES.replace("DEU", "FRA"))
    jobs.sync(project)
    found = by_machine(project)
    assert found["r1"]["kg"] == pytest.approx(153.174818 * 0.0533, rel=1e-8)
    assert found["r2"]["kg"] == pytest.approx(1.650929664 * 1.57 * 0.0533, rel=1e-9)


def test_a_site_without_a_grid_zone_has_lines_without_a_figure_and_a_reason(project: Config) -> None:
    write(project.path.parent / "sites.csv", "site,grid_zone\nfra-1,iso3:DEU\n")
    jobs.sync(project)
    found = by_machine(project)["r2"]
    assert (found["energy_kwh"], found["kg"]) == (None, None)
    assert found["gap_reason"] == "no grid zone for the site par-1: give it one in the mapping file of its inventory"


def test_a_cpu_that_nobody_knows_is_of_its_class_and_a_board_that_nobody_knows_is_a_gap(project: Config) -> None:
    """100 threads of generic-x86: 0.551 W idle, 3.068 W full, load share 0.18 + 0.08 / 0.4 x (0.44 - 0.18) = 0.232.

    (55.1 + 0.232 x 251.7) x 1.2 = 136.19328 W, memory within the CPU figure: 1.3619328 kWh in 10 h.
    """
    header = MACHINES.replace("cpu,", "cpu,accelerator,accelerator_count,")
    write(
        project.path.parent / "machines" / "june.csv",
        f"{header}u1,fra-1,xeon-of-tomorrow,,,50,1,100,2023-06-01,,10,,\n"
        "u2,fra-1,skylake-sp,NVIDIA Z9,2,50,1,100,2023-06-01,,10,,\n",
    )
    jobs.sync(project)
    found = by_machine(project)
    assert found["u1"]["it_energy_kwh"] == pytest.approx(1.3619328, rel=1e-9)
    assert found["u1"]["factor_resolution"] == "default"
    assert "unknown hardware" in found["u2"]["gap_reason"]


def test_boards_of_an_own_machine_draw_and_weigh_as_those_of_an_instance(project: Config) -> None:
    """Two NVIDIA T4 beside the CPU of r1 add what two T4 of a g4dn instance add: same boards, same load, same node."""
    header = MACHINES.replace("cpu,", "cpu,accelerator,accelerator_count,")
    write(
        project.path.parent / "machines" / "june.csv",
        f"{header}t1,fra-1,skylake-sp,NVIDIA T4,2,40,2,384,2023-06-01,,1,,\n",
    )
    jobs.sync(project)
    (found,) = rows(project, "select accelerator_it_energy_kwh as kwh from ledger.lines")
    (board,) = rows(
        project,
        "select a.idle_w, a.busy_w, n.central as node_w from factors.accelerator_power as a "
        "inner join factors.coefficient as n on n.key = a.node_overhead_key where a.accelerator = 'NVIDIA T4'",
    )
    watts = board["idle_w"] + 0.4 * (board["busy_w"] - board["idle_w"]) + board["node_w"]
    assert found["kwh"] == pytest.approx(2 * watts / 1000)


def test_audits_hold_and_a_report_sums_the_cost_that_there_is(project: Config) -> None:
    _, code = jobs.nightly(project)
    assert code is Exit.OK
    (services,) = jobs.report(project, section="services", group_by=("service_name",))
    total = dict(zip(services.columns, services.rows[-1], strict=True))
    assert (total["effective_cost"], total["billing_currency"], total["lines"]) == (720, "EUR", 31)


def test_a_meter_mapped_to_a_cloud_region_measures_that_region(project: Config) -> None:
    """A colocation hall behind aws:eu-central-1: its published value gives way in June, and in no other month."""
    folder = project.path.parent
    write(folder / "sites.csv", "site,region,grid_zone\nhall,aws:eu-central-1,\n")
    write(folder / "meters" / "fra.csv", f"{READINGS}hall,2023-06-01,2023-07-01,125,100\n")
    header = (
        "ChargeCategory,ChargePeriodStart,ServiceName,ConsumedQuantity,ConsumedUnit,BilledCost,ProviderName,"
        "RegionId,x_UsageType"
    )
    line = "Usage,{}T00:00:00Z,AmazonEC2,1,Hrs,1,AWS,eu-central-1,EUC1-BoxUsage:m5.large\n"
    write(folder / "bill.csv", f"{header}\n{line.format('2023-06-01')}{line.format('2023-07-01')}")
    source = '\n[[source]]\nname = "bill"\nkind = "aws-focus"\nlocation = "bill.csv"\n'
    (folder / "wattledger.toml").write_text(CONFIG + source)
    config = load_config(folder / "wattledger.toml", environ={})
    jobs.sync(config)
    found = rows(
        config,
        "select pue, pue_ref from core.site_factor where region_id = 'eu-central-1' order by charge_month",
    )
    assert (found[0]["pue"], found[0]["pue_ref"]) == (1.25, "pue/aws:eu-central-1/2023-06+dcim/hall")
    assert found[1]["pue_ref"].startswith("pue/aws:")
    assert "dcim" not in found[1]["pue_ref"]
