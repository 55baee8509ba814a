"""The SQL of the card against the pure formulas: every machine and every coefficient, to 1e-12."""

import json
from dataclasses import fields
from itertools import product
from typing import Any

import duckdb
from rated import JUNE, warehouse

from models.power import watts_per_vcpu
from models.rates import fill_missing
from models.recompute import Result, is_machine, machine_power_of, physical_per_unit, recompute
from models.rules_data import rules

_MACHINES = """
    insert into core.sku (sku_id, provider, region_id)
    select row_number() over (order by provider, hardware, method, state), provider,
        case provider when 'aws' then 'us-east-1' when 'azure' then 'northeurope' else 'europe-west1' end
    from hardware;
    insert into core.sku_class by name
    select row_number() over (order by provider, hardware, method, state) as sku_id, 'test' as rule_id,
        'estimated' as disposition, state as usage_state, 'compute' as resource_kind, method, hardware,
        1 as machines, 'compute' as energy_part, 'instance_h' as physical_unit, 1e0 as unit_quantity, '' as unit_per,
        concat(method, '/', provider, ':', hardware, '/', state) as basis
    from hardware;
"""


def _put_all_on_the_bill(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "insert into core.usage_daily (unit_id, usage_date, charge_month, sku_id, lines, consumed_quantity) "
        "select 1, $month, $month, sku_id, 1, 1 from core.sku",
        {"month": JUNE},
    )


def _check(connection: duckdb.DuckDBPyConnection) -> int:
    """Recompute every rate of the card and return how many there were."""
    result = connection.execute(
        "select r.*, i.inputs, to_json(f) as site, c.unit_quantity, c.unit_per from core.rate as r "
        "inner join core.rate_input as i on i.basis = r.basis inner join core.sku as s on s.sku_id = r.sku_id "
        "inner join core.sku_class as c on c.sku_id = r.sku_id "
        "inner join core.site_factor as f on f.provider = s.provider and f.region_id = s.region_id"
    )
    names = [column[0] for column in result.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    for row in rows:
        _check_row(row)
    return len(rows)


def _check_row(row: dict[str, Any]) -> None:
    numbers, site = json.loads(row["inputs"]), json.loads(row["site"])
    scale = row["machines"] * physical_per_unit(row["unit_quantity"], row["unit_per"], row["charge_month"])
    again = recompute(numbers, site, scale)
    for field in fields(Result):
        _check_value(row, field.name, getattr(again, field.name))
    if is_machine(numbers):
        parts = machine_power_of(numbers)
        for name in ("compute", "memory", "accelerator"):
            _check_value(row, f"{name}_it_energy_kwh", scale * getattr(parts, f"{name}_w") / 1000)
    for name in ("it_energy_kwh", "energy_kwh", "location_based_kg_co2e"):
        assert 0 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"], (row["basis"], name)


def _check_value(row: dict[str, Any], name: str, expected: float | None) -> None:
    if expected is None:
        assert row[name] is None, (row["basis"], name)
    else:
        assert abs(row[name] - expected) <= 1e-12 * abs(expected), (row["basis"], name)


def test_every_instance_type_used_and_held() -> None:
    with warehouse() as connection:
        connection.execute(
            "create temp table hardware as select provider, 'instance_curve' as method, "
            "replace(lower(instance_type), 'standard_', '') as hardware, "
            "unnest(case provider when 'aws' then ['used', 'reserved_idle'] else ['used'] end) as state "
            "from factors.instance where provider <> '*'"
        )
        connection.execute(_MACHINES)
        _put_all_on_the_bill(connection)
        fill_missing(connection)
        asked = connection.execute("select count(*) from hardware").fetchall()[0][0]
        assert _check(connection) == asked
        _check_what_a_vcpu_is(connection)


def _check_what_a_vcpu_is(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        "select i.inputs, f.vcpu_is, p.threads_per_core, p.full_w_per_thread from core.rate_input as i "
        "inner join factors.instance as f on f.provider = i.inputs->>'$.provider' "
        "and f.instance_type = i.inputs->>'$.resolved_as' "
        "inner join factors.cpu_power as p on p.microarch = f.microarch"
    ).fetchall()
    assert {vcpu_is for _, vcpu_is, threads, _ in rows if threads > 1} == {"core", "thread"}
    for inputs, vcpu_is, threads, full_w in rows:
        assert json.loads(inputs)["full_w_per_vcpu"] == watts_per_vcpu(full_w, threads, vcpu_is == "core")


def test_every_family_as_a_dedicated_host_and_as_a_burst() -> None:
    with warehouse() as connection:
        connection.execute(
            "create temp table hardware as select distinct provider, family as hardware, "
            "unnest(['dedicated_host', 'cpu_surplus']) as method, 'used' as state from factors.instance "
            "where provider = 'aws'"
        )
        connection.execute(_MACHINES)
        _put_all_on_the_bill(connection)
        fill_missing(connection)
        families = connection.execute("select count(*) from hardware").fetchall()[0][0]
        assert _check(connection) == families


def test_every_combination_of_coefficients_that_a_rule_names() -> None:
    used = {
        (rule.coefficient, rule.share, rule.overhead, rule.replication, rule.energy_part, quantity, per)
        for rule, (quantity, per) in product(rules(), ((1.0, ""), (1.0, "month"), (1 / 3600, "")))
        if rule.method == "coefficient" and "{hardware}" not in rule.coefficient
    }
    with warehouse() as connection:
        for sku_id, (coefficient, share, overhead, replication, part, quantity, per) in enumerate(sorted(used)):
            keys = [coefficient, share or None, overhead or None, replication or None]
            basis = "/".join(["coefficient", *(key for key in keys if key)])
            connection.execute(
                "insert into core.sku (sku_id, provider, region_id) values (?, 'aws', 'us-east-1')", [sku_id]
            )
            connection.execute(
                "insert into core.sku_class by name select ? as sku_id, 'test' as rule_id, 'estimated' as disposition, "
                "'used' as usage_state, 'storage' as resource_kind, 'coefficient' as method, 1 as machines, "
                "? as energy_part, ? as coefficient_key, ? as share_key, ? as overhead_key, ? as replication_key, "
                "'gb_h' as physical_unit, ? as unit_quantity, ? as unit_per, ? as basis",
                [sku_id, part, *keys, quantity, per, basis],
            )
        _put_all_on_the_bill(connection)
        fill_missing(connection)
        assert _check(connection) == len(used) > 40
