"""An explanation: whoever types its numbers into a calculator gets the rate."""

import math
import re
from datetime import date
from functools import cache

import pytest
from rated import JUNE, add_sku, ec2, rate, warehouse

from models.explain import Explanation, explain_sku
from wattledger.errors import ConfigError

_CASES = {
    "machine": ec2("m5.large"),
    "boards": ec2("p4d.24xlarge"),
    "held": ec2("m5.large", sku_meter="UnusedBox:m5.large"),
    "burstable": ec2("t3.2xlarge"),
    "burst": {"service_code": "AmazonEC2", "sku_meter": "CPUCredits:t3", "consumed_unit": "vCPU-Hours"},
    "host": {"service_code": "AmazonEC2", "sku_meter": "HostUsage:m5", "consumed_unit": "Hrs"},
    "unknown size": ec2("m5.6xlarge"),
    "two machines": {"service_code": "AmazonRDS", "sku_meter": "Multi-AZUsage:db.m5.large", "consumed_unit": "Hrs"},
    "storage": {"service_code": "AmazonS3", "sku_meter": "TimedStorage-ByteHrs", "consumed_unit": "GB-Mo"},
    "function": {"service_code": "AWSLambda", "sku_meter": "Lambda-GB-Second", "consumed_unit": "Lambda-GB-Second"},
    "published grid": ec2("m7g.large", region_id="eu-central-1"),
    "several regions": ec2("m5.large", region_id="Japan"),
}


@cache
def _explain(case: str) -> Explanation:
    with warehouse() as connection:
        sku_id = add_sku(connection, **_CASES[case])
        rate(connection, sku_id)
        return explain_sku(connection, sku_id, JUNE)


def _typed_in(numbers: str) -> float:
    """The value of a calculation as somebody would type it: x is times."""
    names = {"max": max, "exp": math.exp, "sqrt": math.sqrt}
    return float(eval(numbers.replace(" x ", " * "), {"__builtins__": {}}, names))  # our own text


@pytest.mark.parametrize("case", _CASES)
def test_each_step_gives_its_value_when_its_numbers_are_typed_in(case: str) -> None:
    for step in _explain(case).steps:
        if "=" not in step.numbers:  # the ends of an interval state the number that replaces another
            assert _typed_in(step.numbers) == pytest.approx(step.value, rel=1e-9), step


@pytest.mark.parametrize("case", _CASES)
def test_the_card_and_the_formulas_agree(case: str) -> None:
    found = _explain(case)
    assert found.agrees
    assert found.rate is not None
    steps = {step.name: step for step in found.steps}
    assert steps["IT energy"].value == pytest.approx(found.rate.it_energy_kwh, rel=1e-12)
    assert steps["location-based emissions, high"].value == pytest.approx(found.rate.location_based_kg_co2e_high)


@pytest.mark.parametrize("case", _CASES)
def test_every_factor_that_a_step_names_is_listed_with_source_and_licence(case: str) -> None:
    found = _explain(case)
    listed = {factor.factor_id for factor in found.factors}
    assert {factor_id for step in found.steps for factor_id in step.factor_ids} <= listed
    for factor in found.factors:
        assert factor.source, factor
        assert factor.licence, factor


def test_the_ends_of_an_interval_follow_from_the_numbers_that_replace_others() -> None:
    steps = {step.name: step for step in _explain("storage").steps}
    # half the coefficient's range: 0.35 over 0.65 Wh/TB-h, and the server overhead 1 over 1.5
    assert steps["coefficient, low"].numbers == "coefficient = 0.35"
    assert steps["coefficient, low"].value == pytest.approx(0.35 / 0.65)
    down = math.log(0.35 / 0.65) ** 2 + math.log(1 / 1.5) ** 2
    assert steps["IT energy, low"].value == pytest.approx(steps["IT energy"].value * math.exp(-math.sqrt(down)))


def test_a_derived_grid_factor_shows_its_derivation() -> None:
    grid = next(step for step in _explain("machine").steps if step.name.startswith("grid"))
    assert "x lifecycle 392.9 / direct 349.7 of USA in 2023" in grid.name
    assert grid.factor_ids == (
        "region/aws:us-east-1",
        "grid/egrid_subregion:SRVC/2023/direct",
        "grid/iso3:USA/2023/lifecycle",
        "grid/egrid_subregion:US/2023/direct",
    )


def test_a_gap_is_explained_by_its_rule_and_reason() -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, service_code="AmazonS3", sku_meter="Requests-Tier1", consumed_unit="Requests")
        rate(connection, sku_id)
        found = explain_sku(connection, sku_id, JUNE)
    assert (found.rule_id, found.gap_reason) == ("s3-requests", "requests: no published energy per request")
    assert (found.steps, found.factors, found.rate, found.recomputed) == ([], [], None, None)
    assert found.agrees


def test_a_rate_that_is_not_there_says_the_next_step() -> None:
    with warehouse() as connection, pytest.raises(ConfigError, match=re.escape("Run `wattledger estimate`")):
        explain_sku(connection, 1, date(2020, 1, 1))
