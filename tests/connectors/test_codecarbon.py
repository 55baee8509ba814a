"""CodeCarbon files of every release, as the package wrote them, become tracker runs."""

import pickle
from pathlib import Path

import duckdb
import pytest

from connectors.trackers.codecarbon import CodeCarbon
from wattledger.contracts import TRACKER_RUN_COLUMNS, ReadReport, SourceSettings, Unit
from wattledger.errors import BrokenInputError, ConfigError

SAMPLES = Path(__file__).parents[1] / "data" / "codecarbon"
HEADER_1 = (
    "timestamp,experiment_id,project_name,duration,emissions,energy_consumed,country_name,country_iso_code,"
    "region,on_cloud,cloud_provider,cloud_region"
)
HEADER_3 = (SAMPLES / "3.3.0" / "emissions.csv").read_text().splitlines()[0]
PLAIN = {
    "timestamp": "2025-07-01T12:00:00", "project_name": "demo", "run_id": "run-1", "duration": "3600",
    "emissions": "0.05", "cpu_energy": "0.1", "gpu_energy": "0.0", "ram_energy": "0.02", "energy_consumed": "0.12",
    "country_iso_code": "FRA", "os": "Linux-6.1", "python_version": "3.11.7", "codecarbon_version": "3.0.9",
    "cpu_count": "32", "cpu_model": "AMD EPYC 7763", "ram_total_size": "64.0", "tracking_mode": "machine",
    "on_cloud": "N", "pue": "1.0",
}  # fmt: skip


def read(path: Path, folder: Path, **settings: str) -> tuple[list[dict[str, object]], ReadReport]:
    """Read one file as the driver does and return its staged rows and the report."""
    source = CodeCarbon(SourceSettings("lab", "codecarbon", str(path), **settings))
    (unit,) = source.units(None)
    return stage(source, unit, folder)


def stage(source: CodeCarbon, unit: Unit, folder: Path) -> tuple[list[dict[str, object]], ReadReport]:
    staged = folder / "staged.parquet"
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    report = source.read(source.fetch(unit, folder), staged, scratch)
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [str(staged)])
        assert [column[0] for column in found.description] == list(TRACKER_RUN_COLUMNS)
        names = list(TRACKER_RUN_COLUMNS)
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()], report


def written(folder: Path, *rows: dict[str, str], name: str = "emissions.csv") -> Path:
    """Write rows as CodeCarbon would: the header of the first, missing cells empty."""
    header = list(rows[0])
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(header), *(",".join(row.get(column, "") for column in header) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("emissions*.csv*")), ids=lambda p: str(p.relative_to(SAMPLES)))
def test_every_real_file_gives_all_its_rows_with_energy_time_and_grade(path: Path, tmp_path: Path) -> None:
    rows, report = read(path, tmp_path)
    assert report.rows == len(rows) == len(path.read_text().splitlines()) - 1
    assert report.unknown_columns == ()
    for row in rows:
        assert row["run_id"] and row["ended_at"] and row["started_at"] and row["grade"] in "ABCD"
        assert row["country_iso3"] in ("FRA", "BEL", "USA", "IRL", "NLD", "CAN")


def test_a_staged_file_has_exactly_the_columns_and_types_of_the_contract(tmp_path: Path) -> None:
    read(SAMPLES / "3.0.9" / "emissions.csv", tmp_path)
    with duckdb.connect() as connection:
        found = connection.execute("describe select * from read_parquet(?)", [str(tmp_path / "staged.parquet")])
        assert {row[0]: row[1] for row in found.fetchall()} == dict(TRACKER_RUN_COLUMNS)


def test_the_three_rows_of_two_flushes_and_a_stop_are_all_staged(tmp_path: Path) -> None:
    rows, _ = read(SAMPLES / "3.0.9" / "emissions_flush_append.csv", tmp_path)
    assert len({row["run_id"] for row in rows}) == 1
    # As written; reducing them to one run is the ledger's work.
    assert [row["duration_s"] for row in rows] == [1.5009281549998832, 3.0059315949999927, 4.019021355999939]


def test_the_stamp_is_the_end_and_the_start_lies_the_duration_before_it(tmp_path: Path) -> None:
    (row,), _ = read(written(tmp_path, PLAIN), tmp_path)
    assert str(row["ended_at"]) == "2025-07-01 12:00:00"
    assert str(row["started_at"]) == "2025-07-01 11:00:00"  # 12:00 - 3600 s
    assert row["timezone"] == "UTC"


@pytest.mark.parametrize(
    ("stamp", "zone", "ended_at", "flags"),
    [
        ("2025-07-01T12:00:00", "Europe/Paris", "2025-07-01 10:00:00", []),  # summer: UTC+2
        ("2025-01-01T12:00:00", "Europe/Paris", "2025-01-01 11:00:00", []),  # winter: UTC+1
        ("2025-10-26T02:30:00", "Europe/Paris", "2025-10-26 00:30:00", ["ambiguous_local_time"]),  # the first
        ("2025-03-30T02:30:00", "Europe/Paris", "2025-03-30 01:30:00", ["nonexistent_local_time"]),
        ("2025-07-01T12:00:00+02:00", "Asia/Tokyo", "2025-07-01 10:00:00", []),  # its own offset holds
    ],
)
def test_local_time_becomes_utc(stamp: str, zone: str, ended_at: str, flags: list[str], tmp_path: Path) -> None:
    (row,), report = read(written(tmp_path, PLAIN | {"timestamp": stamp}), tmp_path, timezone=zone)
    assert (str(row["ended_at"]), row["timezone"], row["flags"]) == (ended_at, zone, flags)
    assert not any("read as UTC" in note for note in report.notes)


def test_without_a_time_zone_utc_is_taken_and_said(tmp_path: Path) -> None:
    _, report = read(written(tmp_path, PLAIN), tmp_path)
    assert "read as UTC. Set `timezone`" in report.notes[0]


def test_energy_is_divided_by_the_pue_of_the_tracker(tmp_path: Path) -> None:
    (row,), _ = read(SAMPLES / "3.0.9" / "emissions_pue_1.5.csv", tmp_path)
    # The file: energy_consumed 5.211386242499808e-05, cpu 3.544185924999776e-05, ram 1.6672003175000328e-05, pue 1.5.
    assert row["tracker_pue"] == 1.5
    assert row["it_energy_kwh"] == pytest.approx(3.474257495e-05, rel=1e-9)
    assert row["cpu_it_energy_kwh"] == pytest.approx(2.362790617e-05, rel=1e-9)
    assert row["ram_it_energy_kwh"] == pytest.approx(1.111466878e-05, rel=1e-9)
    assert row["gpu_it_energy_kwh"] == 0.0
    assert row["tracker_kg_co2e"] == 2.9204087364344677e-06  # kept as written


def test_shifted_rows_are_repaired_and_say_so(tmp_path: Path) -> None:
    rows, report = read(SAMPLES / "3.3.0" / "emissions_append_SHIFTED_ROWS.csv", tmp_path)
    assert [row["flags"] for row in rows] == [[], *[["shifted_row_repaired"]] * 3]
    for row in rows:  # the four runs are of one machine, so its columns must agree
        assert row["os"] == "Linux-6.18.44-fc-v669-x86_64-with-glibc2.36"
        assert (row["tool_version"], row["cpu_count"], row["cpu_model"]) == ("3.3.0", 2, "AMD EPYC")
        assert (row["gpu_count"], row["gpu_model"]) == (0, None)
        assert (row["ram_total_gib"], row["tracking_mode"]) == (23.540576934814453, "machine")
        assert (row["provider"], row["tracker_pue"]) == (None, 1.0)
    assert rows[1]["it_energy_kwh"] == 7.306751713707486e-06
    assert "shifted_row_repaired: 3 of 4 rows" in report.notes


def test_a_shifted_row_that_was_padded_at_its_end_is_repaired_too(tmp_path: Path) -> None:
    lines = (SAMPLES / "3.3.0" / "emissions_append_SHIFTED_ROWS.csv").read_text().splitlines()
    path = tmp_path / "emissions.csv"
    path.write_text(f"{lines[0]}\n{lines[2]},,,\n")  # as a table program saves it
    (row,), _ = read(path, tmp_path)
    assert (row["tool_version"], row["flags"]) == ("3.3.0", ["shifted_row_repaired"])


def test_a_short_row_that_could_mean_several_things_is_refused_by_line(tmp_path: Path) -> None:
    lines = (SAMPLES / "3.3.0" / "emissions_append_SHIFTED_ROWS.csv").read_text().splitlines()
    cut = lines[3].replace(",machine,", ",")  # the tracking mode itself is gone
    path = tmp_path / "emissions.csv"
    path.write_text(f"{lines[0]}\n{lines[2]}\n{cut}\n")
    with pytest.raises(BrokenInputError, match=r"emissions.csv, line 3: .*not certain.*Nothing of this file"):
        read(path, tmp_path)


def test_rows_that_lost_the_line_break_between_them_are_two_rows(tmp_path: Path) -> None:
    first = "2021-05-01T10:00:00,exp-1,demo,60,0.1,0.2,France,FRA,,Y,aws,eu-west-3"
    second = "2021-05-01T11:00:00,exp-2,demo,30,0.1,0.3,France,FRA,,N,,"
    path = tmp_path / "emissions.csv"
    path.write_text(f"{HEADER_1}\n{first}{second}\n{second}\n")
    rows, _ = read(path, tmp_path)
    assert [(row["run_id"], row["duration_s"], row["region_id"]) for row in rows] == [
        ("exp-1", 60, "eu-west-3"),
        ("exp-2", 30, None),
        ("exp-2", 30, None),
    ]
    assert [("split_row_repaired" in row["flags"]) for row in rows] == [True, True, False]


def test_a_row_cut_short_refuses_the_file_and_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    path.write_text(f"{HEADER_1}\n2021-05-01T10:00:00,exp-1,demo,60,0.1\n")
    with pytest.raises(BrokenInputError, match=r"emissions.csv, line 2: has 5 values under 12 columns"):
        read(path, tmp_path)


def test_header_lines_among_the_rows_are_skipped_and_the_rows_after_read_by_them(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    first = (SAMPLES / "1.0.0" / "emissions.csv").read_text()
    second = (SAMPLES / "3.3.0" / "emissions.csv").read_text()
    path.write_text(first + second)
    rows, report = read(path, tmp_path)
    assert [row["tool_version"] for row in rows] == [None, "3.3.0"]
    assert "1 header lines among the rows were left out" in report.notes


def test_in_release_1_the_experiment_id_is_the_run(tmp_path: Path) -> None:
    (row,), _ = read(SAMPLES / "1.0.0" / "emissions.csv", tmp_path)
    assert row["run_id"] == "17a17542-b00d-41c9-b2c0-49e97cc8417b"
    assert row["experiment_id"] is None
    assert (row["cpu_it_energy_kwh"], row["it_energy_kwh"]) == (None, 0.0)  # parts are not written: null, not 0
    assert row["flags"] == ["release_before_2", "zero_energy"]


@pytest.mark.parametrize(
    ("written_id", "staged"), [("5b0fa12a-3dd7-45bb-9766-cc326314d9f1", None), ("night-1", "night-1")]
)
def test_the_experiment_id_everybody_has_is_none(written_id: str, staged: str | None, tmp_path: Path) -> None:
    (row,), _ = read(written(tmp_path, PLAIN | {"experiment_id": written_id}), tmp_path)
    assert row["experiment_id"] == staged


def test_task_rows_are_tasks_of_their_run_with_an_unknown_pue(tmp_path: Path) -> None:
    rows, _ = read(SAMPLES / "3.0.9" / "emissions_base_8a28f948-a303-42ae-b947-3286ea06840e.csv", tmp_path)
    assert [(row["row_kind"], row["task_name"]) for row in rows] == [("task", "load"), ("task", "train")]
    assert {row["run_id"] for row in rows} == {"8a28f948-a303-42ae-b947-3286ea06840e"}
    assert all(row["flags"] == ["pue_unknown_in_task_file"] and row["tracker_pue"] == 1.0 for row in rows)


def test_a_task_mode_run_is_flagged_because_its_duration_is_the_last_task(tmp_path: Path) -> None:
    # 4.1405e-05 kWh in 2.004 s would be 74.4 W of a CPU that the same row says draws 42.5 W.
    (row,), _ = read(SAMPLES / "3.0.9" / "emissions_task_mode.csv", tmp_path)
    assert row["flags"] == ["duration_of_last_task"]


def test_provider_and_region_count_only_on_a_cloud(tmp_path: Path) -> None:
    cloud = PLAIN | {"on_cloud": "Y", "cloud_provider": "AWS", "cloud_region": "eu-west-1"}
    elsewhere = cloud | {"on_cloud": "N"}
    rows, _ = read(written(tmp_path, cloud, elsewhere), tmp_path)
    assert [(row["provider"], row["region_id"]) for row in rows] == [("aws", "eu-west-1"), (None, None)]


def test_the_point_in_quebec_is_flagged_as_not_knowing_the_place(tmp_path: Path) -> None:
    (row,), _ = read(SAMPLES / "2.2.7" / "emissions_online_none.csv", tmp_path)
    assert row["flags"] == ["default_location"]


def test_europe_west1_of_an_old_release_is_uncertain(tmp_path: Path) -> None:
    # This run was told the zone europe-west12-a and wrote europe-west1.
    (row,), _ = read(SAMPLES / "2.2.7" / "emissions_online_gcp.csv", tmp_path)
    assert (row["region_id"], row["flags"]) == ("europe-west1", ["gcp_region_uncertain"])


def test_a_negative_duration_is_no_duration_and_has_no_start(tmp_path: Path) -> None:
    (row,), _ = read(written(tmp_path, PLAIN | {"duration": "-1723972816"}), tmp_path)
    assert (row["duration_s"], row["started_at"], row["flags"]) == (None, None, ["negative_duration"])
    assert row["it_energy_kwh"] == 0.12


def test_parts_that_do_not_sum_to_the_total_are_flagged_and_kept(tmp_path: Path) -> None:
    (row,), _ = read(written(tmp_path, PLAIN | {"energy_consumed": "0.13"}), tmp_path)  # 0.1 + 0 + 0.02 = 0.12
    assert (row["it_energy_kwh"], row["flags"]) == (0.13, ["energy_mismatch"])


@pytest.mark.parametrize(
    ("written_as", "model", "count", "flags"),
    [
        (("8 x NVIDIA A40", "8"), "NVIDIA A40", 8, []),
        (("2 x NVIDIA A40", ""), "NVIDIA A40", 2, []),
        (("1 x NVIDIA A40", "1.0"), "NVIDIA A40", 1, []),  # a program has read the count as a float
        (("1 x NVIDIA A402 x Tesla T4", "3"), "1 x NVIDIA A402 x Tesla T4", 3, ["mixed_gpus"]),
        (("", "0"), None, 0, []),
    ],
)
def test_boards_are_counted_apart_from_their_model(
    written_as: tuple[str, str], model: str | None, count: int, flags: list[str], tmp_path: Path
) -> None:
    row = PLAIN | {"gpu_model": written_as[0], "gpu_count": written_as[1]}
    (staged,), _ = read(written(tmp_path, row), tmp_path)
    assert (staged["gpu_model"], staged["gpu_count"], staged["flags"]) == (model, count, flags)


def test_the_project_name_can_carry_resource_zone_and_tags(tmp_path: Path) -> None:
    row = PLAIN | {"project_name": "app=search|rid=i-0abc12345678|tz=Etc/GMT-2|team = ml|note"}
    (staged,), _ = read(written(tmp_path, row), tmp_path)
    assert staged["resource_id"] == "i-0abc12345678"
    assert (staged["timezone"], str(staged["ended_at"])) == ("Etc/GMT-2", "2025-07-01 10:00:00")  # GMT-2 is UTC+2
    assert staged["tags"] == {"app": "search", "team": "ml"}
    assert staged["project_name"] == row["project_name"]


def test_a_zone_that_does_not_exist_in_a_project_name_is_flagged_not_refused(tmp_path: Path) -> None:
    (row,), _ = read(written(tmp_path, PLAIN | {"project_name": "tz=Mars/Olympus"}), tmp_path)
    assert (row["timezone"], row["flags"]) == ("UTC", ["unknown_timezone"])


def test_folders_and_file_names_carry_resource_and_tags_too(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    written(logs, PLAIN, name="team=ml/rid=vm-7/emissions.csv")
    written(logs, PLAIN, name="team=ml/emissions_i-0abc12345678.csv")
    source = CodeCarbon(SourceSettings("lab", "codecarbon", str(logs)))
    found = {unit.scope: stage(source, unit, tmp_path)[0][0] for unit in source.units(None)}
    assert found["team=ml/rid=vm-7/emissions.csv"]["resource_id"] == "vm-7"
    assert found["team=ml/emissions_i-0abc12345678.csv"]["resource_id"] == "i-0abc12345678"
    assert all(row["tags"] == {"team": "ml"} for row in found.values())


def test_a_mapping_file_fills_what_no_name_says(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.csv"
    mapping.write_text("glob,resource_id,timezone,tag.team\nnight-*,i-111111111111,Etc/GMT+5,ml\n*,,,other\n")
    logs = tmp_path / "logs"
    night = PLAIN | {"project_name": "night-7"}
    path = written(logs, night, night | {"project_name": "rid=i-222222222222"})
    rows, _ = read(path, tmp_path, mapping=str(mapping))
    assert [row["resource_id"] for row in rows] == ["i-111111111111", "i-222222222222"]
    assert [row["tags"] for row in rows] == [{"team": "ml"}, {"team": "other"}]
    assert str(rows[0]["ended_at"]) == "2025-07-01 17:00:00"  # GMT+5 is UTC-5


def test_a_changed_mapping_file_is_another_version_of_the_unit(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.csv"
    mapping.write_text("glob,resource_id\n*,i-1\n")
    logs = written(tmp_path / "logs", PLAIN)
    source = CodeCarbon(SourceSettings("lab", "codecarbon", str(logs), mapping=str(mapping)))
    (before,) = source.units(None)
    mapping.write_text("glob,resource_id\n*,i-22\n")
    (after,) = source.units(None)
    assert before.unit_id == after.unit_id
    assert before.version != after.version


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("resource_id\ni-1\n", "no column 'glob'"),
        ("glob,resource\n*,i-1\n", "unknown columns 'resource'"),
        ("glob,timezone\n*,Europe/Pari\n", "line 2: .*Did you mean 'Europe/Paris'"),
        ("glob,timezone\n*\n", "line 2: .*more or fewer"),
    ],
)
def test_a_mistake_in_the_mapping_file_is_a_configuration_error(text: str, message: str, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.csv"
    mapping.write_text(text)
    logs = written(tmp_path / "logs", PLAIN)
    source = CodeCarbon(SourceSettings("lab", "codecarbon", str(logs), mapping=str(mapping)))
    with pytest.raises(ConfigError, match=message):
        list(source.units(None))


def test_an_unknown_time_zone_of_the_source_is_a_configuration_error(tmp_path: Path) -> None:
    source = CodeCarbon(SourceSettings("lab", "codecarbon", str(written(tmp_path, PLAIN)), timezone="Europe/Berlín"))
    with pytest.raises(ConfigError, match="'lab', `timezone`: there is no time zone"):
        list(source.units(None))


def test_a_folder_gives_emissions_files_backups_and_tasks_and_nothing_else(tmp_path: Path) -> None:
    names = ["a/emissions.csv", "a/emissions.csv.bak", "a/emissions.csv_0.bak", "emissions_base_1.csv"]
    for name in (*names, "a/notes.csv", "codecarbon.log"):
        written(tmp_path, PLAIN, name=name)
    units = list(CodeCarbon(SourceSettings("lab", "codecarbon", str(tmp_path))).units(None))
    assert [unit.scope for unit in units] == names


def test_one_file_named_by_the_configuration_is_read_whatever_its_name(tmp_path: Path) -> None:
    rows, _ = read(written(tmp_path, PLAIN, name="july.txt"), tmp_path)
    assert len(rows) == 1


def test_columns_nobody_knows_are_reported(tmp_path: Path) -> None:
    _, report = read(written(tmp_path, PLAIN | {"scheduler_job_id": "77", "a": "b"}), tmp_path)
    assert report.unknown_columns == ("a", "scheduler_job_id")


@pytest.mark.parametrize("content", ["", HEADER_3 + "\n", HEADER_1, "\n\n"])
def test_an_empty_file_or_a_header_alone_has_no_rows(content: str, tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    path.write_text(content)
    rows, report = read(path, tmp_path)
    assert (rows, report.rows) == ([], 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energy_consumed": "a lot"}, "line 2: the column energy_consumed holds 'a lot'"),
        ({"energy_consumed": ""}, "line 2: the column energy_consumed is empty"),
        ({"cpu_energy": "nan"}, "line 2: the column cpu_energy holds 'nan'"),
        ({"duration": "inf"}, "line 2: the column duration holds 'inf'"),
        ({"duration": "1e14"}, "line 2: the duration"),
        ({"timestamp": "01/07/2025 12:00"}, "line 2: the timestamp '01/07/2025 12:00'"),
        ({"pue": "0"}, "line 2: the PUE is 0.0"),
        ({"cpu_count": "2.5"}, "line 2: the column cpu_count"),
        ({"run_id": ""}, "line 2: the run has no id"),
        ({"project_name": '"never closed'}, "line 2: not readable as CSV"),
        ({"project_name": "x" * 2_000_000}, "line 2: longer than"),
    ],
)
def test_a_cell_that_cannot_be_refuses_the_file_by_line(change: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenInputError, match=message):
        read(written(tmp_path, PLAIN | change), tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x7fELF\x02\x01\x01\0\0\0", "line 1: contains NUL"),
        (b"\x89PNG\r\n\x1a\n", "line 1: is not UTF-8"),
        (b"day,kwh\n2025-07-01,3\n", "line 1: not the header of a CodeCarbon file"),
        (b"timestamp,duration,energy_consumed\n", "line 1: the header has neither 'run_id'"),
        (b"timestamp,run_id,duration,energy_consumed,duration\n", "names the column 'duration' twice"),
    ],
)
def test_a_file_that_is_not_codecarbon_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    path.write_bytes(content)
    with pytest.raises(BrokenInputError, match=message):
        read(path, tmp_path)


def of(cpu_w: float, gpu_w: float = 0, ram_w: float = 5, **cells: str) -> dict[str, str]:
    """A row of one hour, so that a kW is a kWh."""
    energies = {"cpu_energy": cpu_w / 1000, "gpu_energy": gpu_w / 1000, "ram_energy": ram_w / 1000}
    total = {"energy_consumed": sum(energies.values()), **energies}
    return PLAIN | {"cpu_power": str(cpu_w)} | {name: repr(value) for name, value in total.items()} | cells


@pytest.mark.parametrize(
    ("rows", "grade", "reason"),
    [
        ([of(40, gpu_w=200)], "A", "82% of the energy is GPU"),  # 200 of 245 W
        ([of(42.5)], "D", "constant at 42.5 W"),
        ([of(63.75, cpu_power="42.5", pue="1.5")], "D", "constant at 42.5 W"),  # 63.75 / 1.5 = 42.5
        ([of(2, ram_w=20)], "D", "91% of the energy is RAM"),  # 20 of 22 W
        ([of(0, ram_w=0)], "D", "no energy"),
        ([of(90)], "C", "does not tell apart"),
        ([of(90), of(90, run_id="run-2")], "D", "same wattage in every run"),
        ([of(90), of(97, run_id="run-2")], "C", "does not tell apart"),
        ([of(90, codecarbon_version="2.8.4")], "D", "one run alone"),
        ([of(90, codecarbon_version="2.8.4"), of(97, run_id="2", codecarbon_version="2.8.4")], "A", "energy counter"),
        ([of(120)], "C", "at most 4 W per logical"),  # 32 processors x 4 W = 128 W
        ([of(90, codecarbon_version="3.3.2"), of(90, run_id="2", codecarbon_version="3.3.2")], "C", "4 W per logical"),
    ],
)
def test_the_grade_is_that_of_what_carries_most_of_the_energy(
    rows: list[dict[str, str]], grade: str, reason: str, tmp_path: Path
) -> None:
    if "does not tell" in reason:
        rows = [row | {"cpu_count": "16"} for row in rows]  # 16 x 4 W = 64 W: more than the generic model gives
    staged, _ = read(written(tmp_path, *rows), tmp_path)
    assert {row["grade"] for row in staged} == {grade}
    assert all(reason in str(row["grade_reason"]) for row in staged)


def test_a_source_can_be_sent_to_the_reading_child() -> None:
    source = CodeCarbon(SourceSettings("lab", "codecarbon", "logs"))
    assert pickle.loads(pickle.dumps(source)) == source
    assert (source.name, source.kind, source.table) == ("lab", "codecarbon", "tracker_run")
