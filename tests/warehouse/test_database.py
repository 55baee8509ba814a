"""The file: migrations, versions, views and their comments, the snapshot."""

import re
import threading
from pathlib import Path

import duckdb
import pytest

from warehouse.database import migrations, open_for_reading, open_for_writing
from warehouse.snapshot import publish
from warehouse.views import columns_page, public_views, views
from wattledger.errors import WarehouseError

DOCS = Path(__file__).parents[2] / "docs"


def test_every_view_has_exactly_the_columns_that_are_described(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "w.duckdb") as connection:
        for view in public_views():
            found = [row[0] for row in connection.execute(f"describe {view.name}").fetchall()]
            assert found == [column.name for column in view.columns], view.name
        assert [view.name for view in views() if "Grain: " not in view.grain] == []


def test_the_comments_are_in_the_warehouse_and_in_the_snapshot(tmp_path: Path) -> None:
    query = "select comment from duckdb_columns() where table_name = 'footprint' and column_name = 'energy_kwh'"
    with open_for_writing(tmp_path / "w.duckdb") as connection:
        ours = connection.execute(query).fetchall()
        assert "kWh" in ours[0][0]
        publish(connection, tmp_path / "s.duckdb")
    with open_for_reading(tmp_path / "s.duckdb") as connection:
        assert connection.execute(query).fetchall() == ours


def test_the_column_dictionary_is_what_the_comments_say() -> None:
    assert (DOCS / "columns.md").read_text() == columns_page(), "run: make pages"


def test_each_migration_is_recorded_and_none_runs_twice(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    for _ in range(2):
        with open_for_writing(path) as connection:
            done = connection.execute("select version, name from ops.migration order by version").fetchall()
            assert done == [(version, name) for version, name, _ in migrations()]


def test_a_newer_file_is_refused_in_words_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_for_writing(path) as connection:
        connection.execute("insert into ops.migration values (9999, '9999_later', '99.0', null)")
    before = path.read_bytes()
    with pytest.raises(WarehouseError, match=r"newer wattledger \(99\.0, schema 9999\).*Nothing was changed"):
        open_for_writing(path).__enter__()
    with pytest.raises(WarehouseError, match="newer wattledger"):
        open_for_reading(path).__enter__()
    assert path.read_bytes() == before


def test_an_interrupted_migration_leaves_the_file_at_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    steps = [*migrations(), (9000, "9000_bad", "create table core.half (a int); select * from nowhere")]
    monkeypatch.setattr("warehouse.database.migrations", lambda: steps)
    with pytest.raises(duckdb.Error):
        open_for_writing(path).__enter__()
    monkeypatch.undo()
    with open_for_writing(path) as connection:
        tables = connection.execute("select count(*) from duckdb_tables() where table_name = 'half'").fetchall()
        assert tables == [(0,)]


def test_a_file_that_is_no_warehouse_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("this is not a database, but it is long enough to be looked at" * 100)
    with pytest.raises(WarehouseError, match=r"w\.duckdb"):
        open_for_writing(path).__enter__()


def test_a_file_is_readable_by_the_storage_version_that_was_promised(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "w.duckdb") as connection:
        publish(connection, tmp_path / "s.duckdb")
    for name in ("w.duckdb", "s.duckdb"):
        with duckdb.connect(str(tmp_path / name), read_only=True) as connection:
            query = "select tags from duckdb_databases() where database_name = ?"
            tags = connection.execute(query, [name[0]]).fetchall()
            assert "v1.5.0" in tags[0][0]["storage_version"]


def test_a_locked_down_reader_reaches_no_file_and_no_setting(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_for_writing(path):
        pass
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with open_for_reading(path, locked_down=True) as connection:
        for query in (
            f"from read_csv('{secret}')",
            f"from '{secret}'",
            f"copy (select 1) to '{tmp_path / 'out.csv'}'",
            f"attach '{tmp_path / 'other.duckdb'}'",
            "install httpfs",
            "load httpfs",
            "set enable_external_access = true",
            "insert into core.setting values ('a', 'b')",
            "create table core.t (a int)",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query).fetchall()
    assert not (tmp_path / "out.csv").exists()


def test_publishing_leaves_no_part_behind_and_replaces_at_once(tmp_path: Path) -> None:
    target = tmp_path / "s.duckdb"
    (tmp_path / "s.duckdb.77.part").write_text("of a killed run")
    with open_for_writing(tmp_path / "w.duckdb") as connection:
        publish(connection, target)
        with open_for_reading(target) as reader:
            publish(connection, target)  # a reader of the old one neither blocks nor is disturbed
            assert reader.execute("select count(*) from ops.units").fetchall() == [(0,)]
    assert sorted(path.name for path in tmp_path.glob("s.duckdb*")) == ["s.duckdb"]


def _publish_and_poll(tmp_path: Path, publishes: int) -> None:
    """Publish again and again while a reader opens the snapshot: it sees whole versions only, never an error.

    Version n of the warehouse holds n in one table and n rows in another; a half copy would disagree.
    """
    target = tmp_path / "s.duckdb"
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            with open_for_reading(target) as reader:
                version = reader.execute("select value::int from core.setting where key = 'version'").fetchall()[0][0]
                seen.append((version, reader.execute("select count(*) from core.refusal").fetchall()[0][0]))

    with open_for_writing(tmp_path / "w.duckdb") as connection:
        for version in range(1, publishes + 1):
            connection.execute("insert or replace into core.setting values ('version', ?)", [str(version)])
            connection.execute("insert into core.refusal values ('r', 's', '', '', 'message', now()::timestamp)")
            publish(connection, target)
            if version == 1:
                reader = threading.Thread(target=poll)
                reader.start()
    done.set()
    reader.join()
    assert seen
    assert all(version == rows for version, rows in seen)
    assert seen == sorted(seen)


def test_a_reader_sees_whole_snapshots_only(tmp_path: Path) -> None:
    _publish_and_poll(tmp_path, 5)


@pytest.mark.long
def test_a_reader_sees_whole_snapshots_only_five_hundred_times(tmp_path: Path) -> None:
    _publish_and_poll(tmp_path, 500)


def test_the_queries_of_the_guide_run(tmp_path: Path) -> None:
    queries = re.findall(r"```sql\n(.*?)```", (DOCS / "warehouse.md").read_text(), re.DOTALL)
    assert queries
    with open_for_writing(tmp_path / "w.duckdb") as connection:
        for query in queries:
            connection.execute(query).fetchall()


def test_a_view_that_this_version_no_longer_has_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_for_writing(path) as connection:
        connection.execute("create view ledger.of_an_older_version as select 1 as a")
        connection.execute("update core.setting set value = 'other' where key = 'views_digest'")
    with open_for_writing(path) as connection:
        found = connection.execute(
            "select count(*) from duckdb_views() where view_name = 'of_an_older_version'"
        ).fetchall()
        assert found == [(0,)]


def test_more_memory_than_allowed_is_said_with_the_next_step(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseError, match=r"needs more memory than 20MB.*Raise `memory_limit`"),
        open_for_writing(tmp_path / "w.duckdb", memory_limit="20MB") as connection,
    ):
        connection.execute("set max_temp_directory_size = '1MB'")
        connection.execute("create temp table t as select range as a, md5(range::varchar) as b from range(5000000)")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WarehouseError, match=r"file/w\.duckdb: its folder cannot be written"):
        open_for_writing(tmp_path / "file" / "w.duckdb").__enter__()
