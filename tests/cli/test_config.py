"""The configuration: precedence, paths, and every refusal with file, line and nearest match."""

from datetime import date
from pathlib import Path

import pytest

from wattledger.config import Config, line_of, load_config
from wattledger.errors import ConfigError

SOURCE = '[[source]]\nname = "bill"\nkind = "aws-cur"\nlocation = "cur"\n'


def load(folder: Path, text: str, **environ: str) -> Config:
    (folder / "wattledger.toml").write_text(text)
    return load_config(folder / "wattledger.toml", environ=environ)


def refusal(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environ)
    return str(caught.value)


def test_defaults_lie_beside_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, SOURCE)
    assert config.warehouse_path == tmp_path / "wattledger.duckdb"
    assert config.snapshot_path == tmp_path / "wattledger.snapshot.duckdb"
    assert config.spool_path == tmp_path / "spool"
    assert (config.memory_limit, config.threads, config.model) == ("1500MB", None, "default")


def test_a_misspelt_key_is_named_with_its_line_and_the_nearest_match(tmp_path: Path) -> None:
    text = refusal(tmp_path, '[warehouse]\n# where\npth = "x.duckdb"\n')
    assert text.startswith(f"{tmp_path}/wattledger.toml, line 3: there is no key 'pth' in [warehouse].")
    assert "Did you mean 'path'?" in text


def test_a_misspelt_table_and_a_misspelt_source_key_are_named_too(tmp_path: Path) -> None:
    assert "line 1: there is no key 'sources' in the file. Did you mean 'source'?" in refusal(
        tmp_path, '[[sources]]\nname = "x"\n'
    )
    text = refusal(tmp_path, SOURCE + SOURCE.replace("bill", "second").replace("location", "locaton"))
    assert "line 8: there is no key 'locaton' in source[2]. Did you mean 'location'?" in text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("threads = '2'", "warehouse.threads: should be a whole number, without quotes"),
        ("threads = 0", "warehouse.threads: should be greater than or equal to 1"),
        ("path = 3", "warehouse.path: should be text in quotes"),
        ("memory_limit = 'lots'", "warehouse.memory_limit: should be a size like 1500MB or 2GB"),
    ],
)
def test_a_wrong_type_is_named_with_the_path_of_its_key(tmp_path: Path, line: str, says: str) -> None:
    assert f"line 2: {says}" in refusal(tmp_path, f"[warehouse]\n{line}\n")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("grid_boundary = 'scope2'", "estimate.grid_boundary: should be 'lifecycle' or 'direct'"),
        ("internet_transfer = 'yes'", "estimate.internet_transfer: should be true or false, without quotes"),
        ("market_model = 'on'", "estimate.market_model: should be 'off' or 'provider_claims'"),
        ("server_life_years = 0", "estimate.server_life_years: should be greater than or equal to 1"),
        ("spend_proxies = true", "there is no key 'spend_proxies' in [estimate]. Did you mean 'spend_proxy'?"),
    ],
)
def test_a_switch_that_cannot_be_is_refused(tmp_path: Path, line: str, says: str) -> None:
    assert f"line 2: {says}" in refusal(tmp_path, f"[estimate]\n{line}\n")


def test_switches_are_off_unless_the_file_or_a_variable_sets_them(tmp_path: Path) -> None:
    off = {
        "grid_boundary": "lifecycle", "internet_transfer": "false", "spend_proxy": "false", "market_model": "off",
        "server_life_years": "factor_set", "accelerated_server_life_years": "factor_set",
    }  # fmt: skip
    assert load(tmp_path, SOURCE).switches == off
    config = load(
        tmp_path,
        "[estimate]\ngrid_boundary = 'direct'\ninternet_transfer = false\nserver_life_years = 4\n",
        WATTLEDGER_ESTIMATE_INTERNET_TRANSFER="true",
    )
    said = {"grid_boundary": "direct", "internet_transfer": "true", "server_life_years": "4.0"}
    assert config.switches == off | said
    said = {setting.key: (setting.value, setting.origin) for setting in config.settings}
    assert said["estimate.internet_transfer"] == ("true", "WATTLEDGER_ESTIMATE_INTERNET_TRANSFER")
    assert said["estimate.grid_boundary"] == ("direct", f"{tmp_path}/wattledger.toml:2")
    assert said["estimate.spend_proxy"] == ("false", "default")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("since = '2025-13'", "source[1].since: should be a day or a month"),
        ("timezone = 'Mars/Olympus'", "source[1].timezone: is no time zone"),
        ("include = 'x'", "source[1].include: should be a list"),
        ("since = 2025", "source[1].since: should be a day or a month, e.g."),
        ("table = 'p.d.t'", "source[1]: give `location`"),
    ],
)
def test_a_wrong_value_of_a_source_says_what_is_right(tmp_path: Path, line: str, says: str) -> None:
    assert says in refusal(tmp_path, SOURCE + line + "\n")


def test_a_key_of_two_types_says_both_at_its_own_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, '[owners]\nteam = ["account"]\n\n[owners.split]\nby = "costs"\n')
    assert "line 5: owners.split.by: should be 'cost' or 'energy_kwh'" in said
    assert "line 5: owners.split.by: should be a table" in said


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    text = refusal(tmp_path, "[warehouse]\nthreads = 'x'\npth = ''\n")
    assert [line.split(",")[1][:7] for line in text.splitlines()] == [" line 2", " line 3"]


def test_a_source_without_a_name_or_a_place_is_refused(tmp_path: Path) -> None:
    assert "source[1] lacks `name`" in refusal(tmp_path, '[[source]]\nkind = "focus"\nlocation = "x"\n')
    assert "give `location`" in refusal(tmp_path, '[[source]]\nname = "x"\nkind = "focus"\n')


def test_one_table_where_a_list_of_tables_belongs_says_how_to_write_it(tmp_path: Path) -> None:
    text = refusal(tmp_path, SOURCE.replace("[[source]]", "[source]"))
    assert "line 1: source: should be a list of tables: write [[source]], with two brackets." in text


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "line 6: a second source is named 'bill'" in refusal(tmp_path, SOURCE + SOURCE)


def test_broken_toml_and_another_encoding_are_refused_in_words(tmp_path: Path) -> None:
    assert "is not valid TOML" in refusal(tmp_path, "[warehouse\n")
    (tmp_path / "wattledger.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_config(tmp_path / "wattledger.toml", environ={})


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml: there is no such file"):
        load_config(tmp_path / "no.toml", environ={})


CANARY = "wJalrXUtnFEMI0K7MDENG0bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "line",
    [
        f'aws_secret_access_key = "{CANARY}"',
        f'profile = "{CANARY}"',
        f'external_id = "{CANARY}"',
        f'arm_endpoint = "https://user:{CANARY}@example.org"',
        f'mapping = "https://x.blob.core.windows.net/c?sv=1&sig={CANARY}"',
        f'include = ["AccountKey={CANARY}"]',
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(tmp_path: Path, line: str) -> None:
    text = refusal(tmp_path, SOURCE + line + "\n")
    assert "line 5: source[1]." in text
    assert "looks like a secret" in text
    assert CANARY not in text


def test_a_secret_in_the_environment_is_refused_and_never_repeated(tmp_path: Path) -> None:
    text = refusal(tmp_path, SOURCE, WATTLEDGER_WAREHOUSE_PATH=f"md:x?motherduck_token={CANARY}")
    assert text.startswith("WATTLEDGER_WAREHOUSE_PATH holds what looks like a secret")
    assert CANARY not in text


def test_flag_beats_variable_beats_project_file_beats_user_file(tmp_path: Path) -> None:
    user = tmp_path / "xdg" / "wattledger" / "wattledger.toml"
    user.parent.mkdir(parents=True)
    user.write_text("[warehouse]\npath = 'user.duckdb'\nspool = 'user-spool'\nthreads = 1\nmemory_limit = '1GB'\n")
    text = "[warehouse]\npath = 'project.duckdb'\nspool = 'project-spool'\nthreads = 2\n"
    (tmp_path / "wattledger.toml").write_text(text)
    environ = {
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
        "WATTLEDGER_WAREHOUSE_THREADS": "3",
        "WATTLEDGER_WAREHOUSE_PATH": "variable.duckdb",
    }
    config = load_config(tmp_path / "wattledger.toml", warehouse=tmp_path / "flag.duckdb", environ=environ)
    assert config.warehouse_path == tmp_path / "flag.duckdb"
    assert config.threads == 3
    assert config.spool_path == tmp_path / "project-spool"
    assert config.memory_limit == "1GB"
    origins = {setting.key: setting.origin for setting in config.settings}
    assert origins["warehouse.path"] == "--warehouse"
    assert origins["warehouse.threads"] == "WATTLEDGER_WAREHOUSE_THREADS"
    assert origins["warehouse.spool"] == f"{tmp_path}/wattledger.toml:3"
    assert origins["warehouse.memory_limit"] == f"{user}:5"
    assert origins["estimate.model"] == "default"


def test_a_variable_names_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.toml").write_text(SOURCE)
    config = load_config(environ={"WATTLEDGER_CONFIG": str(tmp_path / "elsewhere.toml")})
    assert config.path == tmp_path / "elsewhere.toml"
    assert len(config.sources) == 1


def test_the_nearest_file_with_sources_gives_them_all(tmp_path: Path) -> None:
    user = tmp_path / "xdg" / "wattledger" / "wattledger.toml"
    user.parent.mkdir(parents=True)
    user.write_text(SOURCE.replace('"bill"', '"own"'))
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert [source.name for source in load(tmp_path, "", **environ).sources] == ["own"]
    assert [source.name for source in load(tmp_path, SOURCE, **environ).sources] == ["bill"]


def test_relative_paths_start_at_the_file_that_says_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    text = "[warehouse]\npath = '../data/w.duckdb'\n" + SOURCE + "mapping = 'runs.csv'\n"
    config = load(tmp_path / "etc", text)
    assert config.warehouse_path.resolve() == tmp_path / "data" / "w.duckdb"
    assert config.sources[0].location == str(tmp_path / "etc" / "cur")
    assert config.sources[0].mapping == str(tmp_path / "etc" / "runs.csv")
    assert load_config(environ={"WATTLEDGER_WAREHOUSE_PATH": "w.duckdb"}).warehouse_path == (
        tmp_path / "elsewhere" / "w.duckdb"
    )


@pytest.mark.parametrize("location", ["s3://exports/cur/main", "https://x.blob.core.windows.net/c/p", "/srv/cur"])
def test_remote_and_absolute_locations_are_kept_as_they_are(tmp_path: Path, location: str) -> None:
    text = f'[[source]]\nname = "bill"\nkind = "aws-cur"\nlocation = "{location}"\n'
    assert load(tmp_path, text).sources[0].location == location


def test_a_month_as_since_is_its_first_day(tmp_path: Path) -> None:
    assert load(tmp_path, SOURCE + "since = '2025-03'\n").sources[0].since == date(2025, 3, 1)
    assert load(tmp_path, SOURCE + "since = 2025-03-15\n").sources[0].since == date(2025, 3, 15)


def test_a_misspelt_variable_is_refused(tmp_path: Path) -> None:
    text = refusal(tmp_path, SOURCE, WATTLEDGER_WAREHOUSE_PAHT="x")
    assert "Did you mean 'WATTLEDGER_WAREHOUSE_PATH'?" in text


def test_a_warehouse_elsewhere_than_on_this_machine_is_refused(tmp_path: Path) -> None:
    assert "is a file on this machine" in refusal(tmp_path, "[warehouse]\npath = 's3://bucket/w.duckdb'\n")


def test_the_snapshot_cannot_be_the_warehouse(tmp_path: Path) -> None:
    assert "are one file" in refusal(tmp_path, "[warehouse]\nsnapshot = 'wattledger.duckdb'\n")


def test_the_snapshot_of_the_file_is_not_that_of_a_warehouse_named_by_a_flag(tmp_path: Path) -> None:
    (tmp_path / "wattledger.toml").write_text("[warehouse]\npath = 'w.duckdb'\nsnapshot = 's.duckdb'\n")
    config = load_config(tmp_path / "wattledger.toml", warehouse=tmp_path / "other.duckdb", environ={})
    assert config.snapshot_path == tmp_path / "other.snapshot.duckdb"
    assert load_config(tmp_path / "wattledger.toml", environ={}).snapshot_path == tmp_path / "s.duckdb"


def test_the_line_of_a_value_is_where_it_begins() -> None:
    text = '[a]\nx = 1\n\ny = [\n  1,\n  2,\n]\n[[s]]\nz = """\n[a]\nx = 2\n"""\n[[s]]\nz = 1\n'
    assert [line_of(text, keys) for keys in (("a", "x"), ("a", "y"), ("s", 0, "z"), ("s", 1), ("s", 1, "z"))] == [
        2, 4, 9, 13, 14,
    ]  # fmt: skip
