"""The rules: every example matches its own rule first, and a rule that breaks the contract is refused."""

from collections.abc import Mapping

import duckdb
import pytest
from rated import add_sku, warehouse

from models.classify import classify
from models.rules_data import SWITCHES, Rule, check_rules, rule_files, rules, table

_NAMED = {row["name"]: row["pattern"] for row in table("names")}
_KEY = {"service": "service_code", "meter": "sku_meter", "unit": "consumed_unit"}


def _rows() -> list[dict[str, str]]:
    return [row for name in rule_files() for row in table(name)]


def _example(rule: Rule) -> dict[str, object]:
    """The SKU key that an example spells out; a blank value is a missing one."""
    found: dict[str, object] = {"charge_category": "Usage"}
    for word in rule.example.split("; "):
        name, _, value = word.partition("=")
        found[_KEY.get(name, name)] = value == "true" if name == "is_split" else (value or None)
    return found


def _class(connection: duckdb.DuckDBPyConnection, sku_id: int) -> dict[str, object]:
    classify(connection)
    result = connection.execute("select * from core.sku_class where sku_id = ?", [sku_id])
    names = [column[0] for column in result.description or ()]
    return dict(zip(names, result.fetchall()[0], strict=True))


@pytest.mark.parametrize("switched", [False, True])
def test_each_example_matches_its_rule_and_none_before(switched: bool) -> None:
    """Rules behind a switch are tried with every switch on, all others with none."""
    with warehouse() as connection:
        if switched:
            connection.executemany(
                "insert or replace into core.setting values (?, 'true')", [[switch] for switch in SWITCHES]
            )
        tried = [rule for rule in rules() if bool(rule.switch) == switched]
        expected = {add_sku(connection, **_example(rule)): rule.rule_id for rule in tried}
        classify(connection)
        found = dict(connection.execute("select sku_id, rule_id from core.sku_class").fetchall())
    assert found == expected


def test_examples_are_distinct() -> None:
    examples = [rule.example for rule in rules()]
    assert len(set(examples)) == len(examples)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"meter": ""}, "blank pattern in meter"),
        ({"unit": "  "}, "blank pattern in unit"),
        ({"disposition": "ignored"}, "disposition 'ignored' is none of"),
        ({"disposition": "out_of_scope", "gap_reason": "we do not like it"}, "closed list"),
        ({"method": "guess"}, "method 'guess' is none of"),
        ({"gap_reason": "too hard"}, "a gap has a reason and an estimate has none"),
        ({"hardware": "meter", "meter": "BoxUsage"}, "whose pattern has no group"),
        ({"reason": ""}, "reason and example are missing"),
    ],
)
def test_a_rule_that_breaks_the_contract_is_refused_by_name(change: Mapping[str, str], message: str) -> None:
    row = next(row for row in _rows() if row["rule_id"] == "ec2-instance")
    with pytest.raises(ValueError, match="ec2-instance.*" + message):
        check_rules([{**row, **change}], _NAMED)


def test_two_rules_of_one_name_are_refused() -> None:
    row = next(row for row in _rows() if row["rule_id"] == "split-row")
    with pytest.raises(ValueError, match="split-row stands twice"):
        check_rules([row, row], _NAMED)


# Words of FOCUS: service names spelled out, no operation, the category as line type.
@pytest.mark.parametrize(
    ("service_name", "sku_meter", "consumed_unit", "rule_id"),
    [
        ("Amazon Elastic Compute Cloud", "EUW2-BoxUsage:t3.xlarge", "Hours", "ec2-instance"),
        ("Amazon Elastic Compute Cloud", "EBS:VolumeUsage.gp3", "GB-Months", "ebs-ssd"),
        ("Amazon Elastic Compute Cloud", None, "Hours", "aws-no-meter"),
        ("Amazon Simple Storage Service", "TimedStorage-ByteHrs", "GB-Mo", "s3-standard"),
        ("Amazon Relational Database Service", "USE2-Multi-AZUsage:db.r6g.large", "Hours", "rds-instance-multi-az"),
        ("AWS Lambda", "USE2-Lambda-GB-Second-ARM", "Seconds", "lambda-arm"),
        ("Amazon Elastic Container Service", "Fargate-vCPU-Hours:perCPU", "Hours", "fargate-vcpu-x86"),
        ("AWS Support (Business)", None, None, "support"),
    ],
)
def test_a_focus_line_of_aws_is_told_by_its_words(
    service_name: str, sku_meter: str | None, consumed_unit: str | None, rule_id: str
) -> None:
    key = {"service_name": service_name, "sku_meter": sku_meter, "consumed_unit": consumed_unit}
    with warehouse() as connection:
        sku_id = add_sku(connection, charge_category="Usage", **key)
        assert _class(connection, sku_id)["rule_id"] == rule_id


def test_the_unused_part_of_a_commitment_is_money_and_no_machine() -> None:
    key = {"service_name": "Savings Plans for AWS Compute usage", "sku_meter": "ComputeSP:1yrNoUpfront"}
    with warehouse() as connection:
        sku_id = add_sku(connection, charge_category="Usage", capacity_status="Unused", **key)
        assert _class(connection, sku_id)["gap_reason"] == "fee"


@pytest.mark.parametrize(
    ("provider", "service_name", "reason"),
    [
        ("azure", "Virtual Machines", "no meter: the line names no meter, so it cannot be told apart"),
        ("gcp", "Compute Engine", "Compute Engine SKU or unit that is no known machine, board, disk or transfer"),
        ("oracle", "Object Storage", "no model for provider oracle yet"),
    ],
)
def test_other_providers_are_unmodelled_with_a_reason(provider: str, service_name: str, reason: str) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, provider=provider, service_name=service_name, charge_category="Usage")
        found = _class(connection, sku_id)
    assert (found["disposition"], found["gap_reason"]) == ("unmodelled", reason)


@pytest.mark.parametrize("category", ["Tax", "Credit", "Purchase", "Adjustment"])
def test_a_focus_charge_that_is_not_usage_never_gets_energy(category: str) -> None:
    with warehouse() as connection:
        key = {"service_name": "Amazon Elastic Compute Cloud", "sku_meter": "BoxUsage:m5.large"}
        sku_id = add_sku(connection, charge_category=category, **{**key, "line_type": category})
        assert _class(connection, sku_id)["disposition"] == "out_of_scope"


def test_an_unknown_line_type_is_shown_and_not_taken_for_usage() -> None:
    with warehouse() as connection:
        sku_id = add_sku(
            connection,
            service_code="AmazonEC2",
            sku_meter="BoxUsage:m5.large",
            consumed_unit="Hrs",
            line_type="Novelty",
        )
        found = _class(connection, sku_id)
    assert found["disposition"] == "unmodelled"
    assert found["gap_reason"] == "line type Novelty is not known: not taken for usage"


def test_the_text_of_a_bill_is_a_value_and_never_sql() -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, service_code="x'); drop table core.sku; --", sku_meter="{line_type}'\"")
        assert _class(connection, sku_id)["gap_reason"] == "no model for x'); drop table core.sku; -- yet"
        assert connection.execute("select count(*) from core.sku").fetchall() == [(1,)]


def test_an_instance_type_that_is_not_delivered_is_read_from_the_meter() -> None:
    with warehouse() as connection:
        sku_id = add_sku(
            connection, service_code="AmazonEC2", sku_meter="USW2-LAX1-BoxUsage:C5.2xlarge", consumed_unit="Hrs"
        )
        assert _class(connection, sku_id)["hardware"] == "c5.2xlarge"
