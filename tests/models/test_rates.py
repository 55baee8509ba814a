"""The rate card on single SKUs: three rows with every column worked out by hand, then one case at a time."""

from datetime import date
from math import exp, log, sqrt
from typing import Any

import duckdb
import pytest
from rated import JUNE, add_sku, ec2, put_on_bill, rate, warehouse

from models.rates import fill_missing, remake
from wattledger.errors import ConfigError

# us-east-1 in 2023: PUE 1.15 (1.1155 to 1.1845), and the direct 270.5 g/kWh of eGRID SRVC (78.4 to 557.2) times the
# lifecycle over direct of the United States, 392.9 / 349.7.
RATIO = 392.9 / 349.7
GRID_G = 270.5 * RATIO
PUE_DOWN, PUE_UP = log(1.1155 / 1.15) ** 2, log(1.1845 / 1.15) ** 2
GRID_DOWN, GRID_UP = log(78.4 / 270.5) ** 2, log(557.2 / 270.5) ** 2
# A kWh of IT energy takes 0.12 L at the site (0.096 to 0.15) and 1.15 x 2.313 L (1.1565 to 4.626) where power is made.
WATER_L = 0.12 + 1.15 * 2.313


# The grid of the United States lost 5.483 % of its power in 2023 (3.374 to 8.435): 0.05483 / 0.94517 per kWh delivered.
LOST, LOST_LOW, LOST_HIGH = 0.05483 / 0.94517, 0.03374 / 0.96626, 0.08435 / 0.91565


def _accounts(kg: float, it_down: float, it_up: float) -> dict[str, Any]:
    """What stands beside location-based emissions: nothing by the market, and those of the power that the grid lost."""
    down, up = it_down + PUE_DOWN + GRID_DOWN, it_up + PUE_UP + GRID_UP
    return {
        "market_based_kg_co2e": None, "market_based_kg_co2e_low": None, "market_based_kg_co2e_high": None,
        "market_based_gap_reason": (
            "no contract, no figure of the provider and no residual mix for us-east-1 in 2023-06"
        ),
        "td_loss_kg_co2e": kg * LOST, "td_loss_kg_co2e_low": kg * LOST * exp(-sqrt(down + log(LOST_LOW / LOST) ** 2)),
        "td_loss_kg_co2e_high": kg * LOST * exp(sqrt(up + log(LOST_HIGH / LOST) ** 2)),
    }  # fmt: skip


def _water(it_kwh: float, it_down: float, it_up: float) -> dict[str, Any]:
    """The water columns of a rate in us-east-1, worked out from its IT energy and that energy's squared log ratios."""
    onsite, offsite, litres = it_kwh * 0.12, it_kwh * 1.15 * 2.313, it_kwh * WATER_L
    wcf = log(2) ** 2  # half and double
    low = (0.096 + 1.15 * 2.313, 0.12 + 1.1155 * 2.313, 0.12 + 1.15 * 1.1565)
    high = (0.15 + 1.15 * 2.313, 0.12 + 1.1845 * 2.313, 0.12 + 1.15 * 4.626)
    down, up = (sum(log(moved / WATER_L) ** 2 for moved in ends) for ends in (low, high))
    return {
        "water_onsite_l": onsite, "water_onsite_l_low": onsite * exp(-sqrt(it_down + log(0.8) ** 2)),
        "water_onsite_l_high": onsite * exp(sqrt(it_up + log(1.25) ** 2)),
        "water_offsite_l": offsite, "water_offsite_l_low": offsite * exp(-sqrt(it_down + PUE_DOWN + wcf)),
        "water_offsite_l_high": offsite * exp(sqrt(it_up + PUE_UP + wcf)),
        "water_l": litres, "water_l_low": litres * exp(-sqrt(it_down + down)),
        "water_l_high": litres * exp(sqrt(it_up + up)),
        "water_resolution": "nearest_year", "water_gap_reason": None, "location_based_gap_reason": None,
    }  # fmt: skip


def test_an_hour_of_an_m5_large_every_column() -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **ec2("m5.large")))
    # Skylake: 0.532 W idle and 4.118 W full per thread, f10 .17, f50 .42. At 18 %: .17 + .08 / .4 x .25 = .22 of the
    # span. 2 x (0.532 + .22 x 3.586) x 1.2 = 3.170208 W. The figure holds 96 GiB / 56 threads x 2 = 3.428571 GiB:
    # (8 - 3.428571) x (0.12 + 0.18 x 0.28) x 1.2 = 0.934766 W. Together 4.104974 W.
    gib = (8 - 2 * 96 / 56) * 1.2
    cpu_w, memory_w = 3.170208, gib * (0.12 + 0.18 * 0.28)
    it_kwh = (cpu_w + memory_w) / 1000
    # One group of numbers at its low end at a time, watts over 4.104974:
    at_low = [
        (2 * (0.346 + 0.22 * (3.260 - 0.346)) * 1.2 + memory_w, "cpu: 0.65 x 0.532"),
        (2 * (0.532 + (0.1 + 0.2 * 0.24) * 3.586) * 1.2 + memory_w, "curve .10 .34"),
        (2 * (0.532 + 0.5 * 0.17 * 3.586) * 1.2 + gib * (0.12 + 0.05 * 0.28), "5 % load: half of f10"),
        (cpu_w + gib * (0.06 + 0.18 * 0.06), "memory .06 idle, .12 full"),
        ((cpu_w + memory_w) / 1.2, "host overhead 1"),
    ]
    at_high = [
        (2 * (1.011 + 0.22 * (9.883 - 1.011)) * 1.2 + memory_w, "cpu"),
        (2 * (0.532 + (0.28 + 0.2 * 0.52) * 3.586) * 1.2 + memory_w, "curve .28 .80"),
        (2 * (0.532 + (0.17 + 0.35 / 0.4 * 0.25) * 3.586) * 1.2 + gib * (0.12 + 0.45 * 0.28), "45 % load"),
        (cpu_w + gib * (0.25 + 0.18 * 0.85), "memory .25 idle, 1.1 full"),
        ((cpu_w + memory_w) / 1.2 * 1.6, "host overhead 1.6"),
    ]
    it_down = sum(log(watts / (cpu_w + memory_w)) ** 2 for watts, _ in at_low)
    it_up = sum(log(watts / (cpu_w + memory_w)) ** 2 for watts, _ in at_high)
    # Embodied: 2 of 96 vCPUs of a host of 1000 + 100 kg, and 8 GiB of 1.39 kg, over 6 x 8760 h.
    parts = {"server": 2 / 96 * 1000, "socket": 2 / 96 * 100, "dram": 8 * 1.39}
    embodied = sum(parts.values()) / (6 * 8760)

    def moved(**to: float) -> float:
        return log(sum({**parts, **to}.values()) / sum(parts.values())) ** 2

    embodied_down = moved(server=2 / 96 * 500) + moved(socket=2 / 96 * 20) + moved(dram=8 * 0.1)
    embodied_up = moved(server=2 / 96 * 1500) + moved(socket=2 / 96 * 200) + moved(dram=8 * 2.8) + log(6 / 4) ** 2
    kwh, kg = it_kwh * 1.15, it_kwh * 1.15 * GRID_G / 1000
    expected = {
        "model": "default", "factor_set": "core@2026.11.2", "sku_id": 1, "charge_month": JUNE,
        "rule_id": "ec2-instance", "disposition": "estimated", "gap_reason": None, "usage_state": "used",
        "resource_kind": "compute", "method": "instance_curve", "quality": 3, "factor_resolution": "exact",
        "physical_unit": "instance_h", "physical_per_unit": 1, "machines": 1, "hardware_rung": "type",
        "basis": "instance_curve/aws:m5.large/used",
        "compute_it_energy_kwh": cpu_w / 1000, "accelerator_it_energy_kwh": 0, "memory_it_energy_kwh": memory_w / 1000,
        "storage_it_energy_kwh": 0, "network_it_energy_kwh": 0, "it_energy_kwh": it_kwh,
        "it_energy_kwh_low": it_kwh * exp(-sqrt(it_down)), "it_energy_kwh_high": it_kwh * exp(sqrt(it_up)),
        "pue": 1.15, "pue_low": 1.1155, "pue_high": 1.1845,
        "energy_kwh": kwh, "energy_kwh_low": kwh * exp(-sqrt(it_down + PUE_DOWN)),
        "energy_kwh_high": kwh * exp(sqrt(it_up + PUE_UP)),
        "grid_g_co2e_per_kwh": GRID_G, "grid_g_co2e_per_kwh_low": 78.4 * RATIO,
        "grid_g_co2e_per_kwh_high": 557.2 * RATIO, "grid_boundary": "lifecycle", "grid_direct_g_co2e_per_kwh": 270.5,
        "location_based_kg_co2e": kg, "location_based_kg_co2e_low": kg * exp(-sqrt(it_down + PUE_DOWN + GRID_DOWN)),
        "location_based_kg_co2e_high": kg * exp(sqrt(it_up + PUE_UP + GRID_UP)), **_accounts(kg, it_down, it_up),
        "embodied_kg_co2e": embodied, "embodied_kg_co2e_low": embodied * exp(-sqrt(embodied_down)),
        "embodied_kg_co2e_high": embodied * exp(sqrt(embodied_up)),
        **_water(it_kwh, it_down, it_up),
    }  # fmt: skip
    assert found == {
        name: pytest.approx(value) if isinstance(value, float) else value for name, value in expected.items()
    }


def test_a_gb_month_of_gp3_every_column() -> None:
    with warehouse() as connection:
        found = rate(
            connection,
            add_sku(connection, service_code="AmazonEC2", sku_meter="EBS:VolumeUsage.gp3", consumed_unit="GB-Mo"),
        )
    # June has 720 h; a GB-h is 1.2 Wh/TB-h x 1.5 x 2 copies = 3.6e-6 kWh
    it_kwh = 720 * 3.6e-6
    it_down = log(0.5 / 1.2) ** 2 + log(1 / 1.5) ** 2
    it_up = log(2.5 / 1.2) ** 2 + log(2.5 / 1.5) ** 2 + log(3 / 2) ** 2
    kwh, kg = it_kwh * 1.15, it_kwh * 1.15 * GRID_G / 1000
    expected = {
        "model": "default", "factor_set": "core@2026.11.2", "sku_id": 1, "charge_month": JUNE,
        "rule_id": "ebs-ssd", "disposition": "estimated", "gap_reason": None, "usage_state": "used",
        "resource_kind": "storage", "method": "coefficient", "quality": 4, "factor_resolution": "exact",
        "physical_unit": "gb_h", "physical_per_unit": 720, "machines": 1, "hardware_rung": None,
        "basis": "coefficient/storage.ssd/storage.server_overhead/replication.aws.ebs_volume",
        "compute_it_energy_kwh": 0, "accelerator_it_energy_kwh": 0, "memory_it_energy_kwh": 0,
        "storage_it_energy_kwh": it_kwh, "network_it_energy_kwh": 0, "it_energy_kwh": it_kwh,
        "it_energy_kwh_low": it_kwh * exp(-sqrt(it_down)), "it_energy_kwh_high": it_kwh * exp(sqrt(it_up)),
        "pue": 1.15, "pue_low": 1.1155, "pue_high": 1.1845,
        "energy_kwh": kwh, "energy_kwh_low": kwh * exp(-sqrt(it_down + PUE_DOWN)),
        "energy_kwh_high": kwh * exp(sqrt(it_up + PUE_UP)),
        "grid_g_co2e_per_kwh": GRID_G, "grid_g_co2e_per_kwh_low": 78.4 * RATIO,
        "grid_g_co2e_per_kwh_high": 557.2 * RATIO, "grid_boundary": "lifecycle", "grid_direct_g_co2e_per_kwh": 270.5,
        "location_based_kg_co2e": kg, "location_based_kg_co2e_low": kg * exp(-sqrt(it_down + PUE_DOWN + GRID_DOWN)),
        "location_based_kg_co2e_high": kg * exp(sqrt(it_up + PUE_UP + GRID_UP)), **_accounts(kg, it_down, it_up),
        "embodied_kg_co2e": None, "embodied_kg_co2e_low": None, "embodied_kg_co2e_high": None,
        **_water(it_kwh, it_down, it_up),
    }  # fmt: skip
    assert found == {
        name: pytest.approx(value) if isinstance(value, float) else value for name, value in expected.items()
    }


def test_a_machine_without_a_factor_keeps_nulls_and_says_why() -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **ec2("q9.odd")))
    stated = {
        "model": "default", "factor_set": "core@2026.11.2", "sku_id": 1, "charge_month": JUNE,
        "rule_id": "ec2-instance", "disposition": "unmodelled",
        "gap_reason": "unknown hardware q9.odd: neither it nor its family is in the factor set",
    }  # fmt: skip
    assert {name: value for name, value in found.items() if value is not None} == stated


@pytest.mark.parametrize(
    ("month", "hours"),
    [(date(2023, 2, 1), 672), (date(2024, 2, 1), 696), (date(2023, 4, 1), 720), (date(2023, 12, 1), 744)],
)
def test_a_gb_month_has_the_hours_of_its_month(month: date, hours: int) -> None:
    with warehouse() as connection:
        key = {"service_code": "AmazonS3", "sku_meter": "TimedStorage-ByteHrs", "consumed_unit": "GB-Mo"}
        found = rate(connection, add_sku(connection, month, **key), month)
    # 0.65 Wh/TB-h x 1.5 x 3 copies
    assert found["physical_per_unit"] == hours
    assert found["it_energy_kwh"] == pytest.approx(hours * 0.65 * 1.5 * 3 / 1e6)


@pytest.mark.parametrize(
    ("key", "it_kwh"),
    [
        # 1 / 3600 h x 0.579 vCPU/GiB x 0.003 kWh x 1.3
        ({"service_code": "AWSLambda", "sku_meter": "Lambda-GB-Second", "consumed_unit": "Lambda-GB-Second"},
         0.579 * 0.003 * 1.3 / 3600),
        ({"service_code": "AWSLambda", "sku_meter": "Lambda-GB-Second-ARM", "consumed_unit": "Lambda-GB-Second"},
         0.579 * 0.0013 * 1.3 / 3600),
        ({"service_code": "AmazonECS", "sku_meter": "USE1-Fargate-vCPU-Hours:perCPU", "consumed_unit": "hours"}, 0.003),
        ({"service_code": "AmazonECS", "sku_meter": "Fargate-GB-Hours", "consumed_unit": "hours"}, 0.0002),
        # received bytes are the sender's
        ({"service_code": "AWSDataTransfer", "sku_meter": "USE1-USW2-AWS-Out-Bytes", "consumed_unit": "GB"}, 0.0015),
        ({"service_code": "AWSDataTransfer", "sku_meter": "USE1-USW2-AWS-In-Bytes", "consumed_unit": "GB"}, None),
        ({"service_code": "AmazonEC2", "sku_meter": "DataTransfer-Regional-Bytes", "consumed_unit": "GB"}, 0.001),
        # internet transfer stays out of the total, with its reason
        ({"service_code": "AmazonEC2", "sku_meter": "DataTransfer-Out-Bytes", "consumed_unit": "GB"}, None),
        # six copies of SSD in three zones, 720 h
        ({"service_code": "AmazonRDS", "sku_meter": "Aurora:StorageUsage", "consumed_unit": "GB-Mo"},
         720 * 1.2 * 1.5 * 6 / 1e6),
    ],
)  # fmt: skip
def test_a_coefficient_times_its_multipliers(key: dict[str, str], it_kwh: float | None) -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **key))
    assert found["it_energy_kwh"] == (None if it_kwh is None else pytest.approx(it_kwh))
    assert (found["gap_reason"] is None) == (it_kwh is not None)


def test_one_billed_hour_of_a_multi_az_database_runs_two_machines() -> None:
    key = {"service_code": "AmazonRDS", "consumed_unit": "Hrs", "instance_type": "db.m5.large"}
    with warehouse() as connection:
        one = rate(connection, add_sku(connection, sku_meter="InstanceUsage:db.m5.large", **key))
        two = rate(connection, add_sku(connection, sku_meter="Multi-AZUsage:db.m5.large", **key))
    assert two["it_energy_kwh"] == pytest.approx(2 * one["it_energy_kwh"])
    assert two["embodied_kg_co2e"] == pytest.approx(2 * one["embodied_kg_co2e"])
    assert one["resource_kind"] == two["resource_kind"] == "database"


def test_held_capacity_draws_idle_power_and_is_told_apart() -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **ec2("m5.large", sku_meter="UnusedBox:m5.large")))
    assert found["usage_state"] == "reserved_idle"
    assert found["compute_it_energy_kwh"] == pytest.approx(2 * 0.532 * 1.2 / 1000)
    assert found["embodied_kg_co2e"] == pytest.approx((2 / 96 * 1100 + 8 * 1.39) / 52560)


def test_a_whole_reservation_is_not_counted_beside_its_parts() -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **ec2("m5.large", sku_meter="Reservation:m5.large")))
    assert found["disposition"] == "unmodelled"
    assert found["it_energy_kwh"] is None


def test_a_dedicated_host_is_the_whole_host() -> None:
    with warehouse() as connection:
        key = {"service_code": "AmazonEC2", "sku_meter": "USE2-HostUsage:m5", "consumed_unit": "Hrs"}
        found = rate(connection, add_sku(connection, **key))
        largest = rate(connection, add_sku(connection, **ec2("m5.24xlarge")))
    # m5.24xlarge is the host: 96 vCPU and 384 GiB
    assert found["it_energy_kwh"] == pytest.approx(largest["it_energy_kwh"])
    assert found["embodied_kg_co2e"] == pytest.approx(largest["embodied_kg_co2e"])


def test_a_burstable_without_telemetry_runs_at_its_baseline_and_a_burst_adds_the_span_once() -> None:
    with warehouse() as connection:
        hour = rate(connection, add_sku(connection, **ec2("t3.large")))
        burst = rate(
            connection,
            add_sku(connection, service_code="AmazonEC2", sku_meter="CPUCredits:t3", consumed_unit="vCPU-Hours"),
        )
    # t3.large: 30 % of each of 2 vCPU; .17 + .2 / .4 x .25 = .295 of the span
    assert hour["compute_it_energy_kwh"] == pytest.approx(2 * (0.532 + 0.295 * 3.586) * 1.2 / 1000)
    assert burst["it_energy_kwh"] == pytest.approx(3.586 * 1.2 / 1000)
    assert burst["embodied_kg_co2e"] == 0  # the machine is on the instance's line


def test_an_unknown_size_of_a_known_family_is_scaled_and_says_so() -> None:
    with warehouse() as connection:
        known = rate(connection, add_sku(connection, **ec2("m5.24xlarge")))
        unknown = rate(connection, add_sku(connection, **ec2("m5.6xlarge")))  # not sold: a quarter of 24xlarge
    assert unknown["it_energy_kwh"] == pytest.approx(known["it_energy_kwh"] / 4)
    assert (unknown["factor_resolution"], unknown["hardware_rung"]) == ("default", "family")


def test_a_family_nobody_knows_is_taken_as_vcpus_of_its_class() -> None:
    with warehouse() as connection:
        x86 = rate(connection, add_sku(connection, **ec2("q9.2xlarge")))  # 8 vCPU by its name
        arm = rate(connection, add_sku(connection, **ec2("q9gd.2xlarge")))
        one = rate(connection, add_sku(connection, **ec2("q9.medium")))
    assert x86["it_energy_kwh"] == pytest.approx(8 * one["it_energy_kwh"])
    assert arm["it_energy_kwh"] != x86["it_energy_kwh"]
    assert {(r["hardware_rung"], r["quality"], r["factor_resolution"]) for r in (x86, arm)} == {("class", 4, "default")}


def test_cores_and_memory_of_a_custom_machine_add_up_to_the_machine() -> None:
    """Google bills the two apart: 4 vCPU and 32 GiB of n2-highmem-4 are the whole machine."""
    core = {"provider": "gcp", "region_id": "europe-west1", "hardware": "n2-highmem-4"}
    with warehouse() as connection:
        whole, vcpu, gib = (
            _rate_of_class(connection, method, **core)
            for method in ("instance_curve", "instance_vcpu", "instance_memory")
        )
    for name in ("it_energy_kwh", "compute_it_energy_kwh", "memory_it_energy_kwh", "embodied_kg_co2e"):
        assert 4 * vcpu[name] + 32 * gib[name] == pytest.approx(whole[name], rel=1e-12), name
    assert gib["compute_it_energy_kwh"] == 0 < gib["memory_it_energy_kwh"]


def test_a_custom_type_has_the_memory_that_its_name_says() -> None:
    """n2-custom-8-16384: 8 vCPU like n2-standard-8, and 16 GiB of memory."""
    gcp = {"provider": "gcp", "region_id": "europe-west1"}
    with warehouse() as connection:
        custom = _rate_of_class(connection, "instance_curve", hardware="n2-custom-8-16384", **gcp)
        standard = _rate_of_class(connection, "instance_curve", hardware="n2-standard-8", **gcp)
    assert custom["compute_it_energy_kwh"] == pytest.approx(standard["compute_it_energy_kwh"])
    dram_kg = (32 - 16) * 1.39 / (6 * 8760)
    assert standard["embodied_kg_co2e"] - custom["embodied_kg_co2e"] == pytest.approx(dram_kg)


def test_a_board_that_is_billed_alone_is_the_board_and_nothing_else() -> None:
    with warehouse() as connection:
        found = _rate_of_class(
            connection, "instance_accelerator", provider="aws", region_id="us-east-1", hardware="nvidia t4"
        )
        board = connection.execute(
            "select a.idle_w, a.busy_w, c.central from factors.accelerator_power as a "
            "inner join factors.coefficient as c on c.key = a.node_overhead_key where accelerator = 'NVIDIA T4'"
        ).fetchall()[0]
    idle_w, busy_w, node_w = board
    # 40 % of the time busy
    assert found["it_energy_kwh"] == pytest.approx((idle_w + 0.4 * (busy_w - idle_w) + node_w) / 1000)
    assert found["compute_it_energy_kwh"] == found["memory_it_energy_kwh"] == 0


def _rate_of_class(
    connection: duckdb.DuckDBPyConnection, method: str, *, provider: str, region_id: str, hardware: str
) -> dict[str, Any]:
    """The rate of an hour of some hardware, classified by hand."""
    sku_id = add_sku(connection, provider=provider, region_id=region_id, sku_meter=f"{method} {hardware}")
    connection.execute(
        "insert into core.sku_class by name select ? as sku_id, 'test' as rule_id, 'estimated' as disposition, "
        "'used' as usage_state, 'compute' as resource_kind, ? as method, ? as hardware, 1 as machines, "
        "'compute' as energy_part, 'instance_h' as physical_unit, 1 as unit_quantity, '' as unit_per, ? as basis",
        [sku_id, method, hardware, f"{method}/{provider}:{hardware}/used"],
    )
    return rate(connection, sku_id)


def test_an_unknown_size_of_an_accelerated_family_is_not_guessed() -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **ec2("p5.96xlarge")))
    assert found["disposition"] == "unmodelled"


@pytest.mark.parametrize(
    ("region_id", "reason"),
    [("us-moon-1", "unknown region us-moon-1 of aws: not in the factor set"), (None, "no region"), ("", "no region")],
)
def test_a_line_without_a_known_region_is_unmodelled_and_never_a_world_average(
    region_id: str | None, reason: str
) -> None:
    with warehouse() as connection:
        found = rate(connection, add_sku(connection, **ec2("m5.large", region_id=region_id)))
    assert (found["disposition"], found["gap_reason"]) == ("unmodelled", reason)
    assert found["energy_kwh"] is None
    assert found["method"] is None


def test_a_negative_quantity_gives_negative_energy_with_its_ends_in_order() -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        connection.execute("update core.usage_daily set consumed_quantity = -2")
        one = rate(connection, sku_id)
        found = connection.execute(
            "select it_energy_kwh_low, it_energy_kwh, it_energy_kwh_high from ledger.footprint_daily"
        ).fetchall()
    expected = [-2 * one["it_energy_kwh_high"], -2 * one["it_energy_kwh"], -2 * one["it_energy_kwh_low"]]
    assert found == [tuple(pytest.approx(value, rel=1e-9) for value in expected)]


def test_what_is_rated_keeps_its_row_and_a_rebuild_drops_what_no_bill_holds() -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **ec2("m5.large"))
        first = rate(connection, sku_id)
        put_on_bill(connection, sku_id, date(2023, 7, 1))
        fill_missing(connection)
        months = connection.execute("select charge_month from core.rate order by 1").fetchall()
        assert months == [(JUNE,), (date(2023, 7, 1),)]
        connection.execute("delete from core.usage_daily where charge_month = ?", [date(2023, 7, 1)])
        remake(connection)
        assert connection.execute("select charge_month from core.rate").fetchall() == [(JUNE,)]
        assert rate(connection, sku_id) == first


def test_a_model_that_this_version_lacks_is_refused_with_the_one_it_has() -> None:
    with warehouse() as connection:
        connection.execute("update core.setting set value = 'deflaut' where key = 'model'")
        with pytest.raises(ConfigError, match=r"no model 'deflaut'\. Did you mean 'default'\?"):
            fill_missing(connection)
