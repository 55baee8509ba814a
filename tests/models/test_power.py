"""The pure formulas, worked out by hand from round inputs."""

import math

import pytest

from models.power import (
    Host,
    Machine,
    accelerator_power_w,
    coefficient_energy_kwh,
    cpu_power_w,
    embodied_kg_per_hour,
    high_factor,
    hours_energy_kwh,
    kwh_per_gb_h,
    load_share,
    location_based_kg,
    low_factor,
    machine_power,
    memory_power_w,
    surplus_power_w,
    watts_per_vcpu,
)


@pytest.mark.parametrize(
    ("utilization", "share"),
    [
        (0.0, 0.0),
        (0.05, 0.1),  # half of the way to f10
        (0.1, 0.2),
        (0.3, 0.35),  # 0.2 + half of (0.5 - 0.2)
        (0.5, 0.5),
        (0.75, 0.75),  # 0.5 + half of (1 - 0.5)
        (1.0, 1.0),
    ],
)
def test_the_load_curve_passes_through_its_points_and_is_straight_between(utilization: float, share: float) -> None:
    assert load_share(utilization, curve_f10=0.2, curve_f50=0.5) == pytest.approx(share)


def test_an_idle_cpu_still_draws_its_idle_power() -> None:
    watts = cpu_power_w(4, 0.0, idle_w_per_vcpu=0.5, full_w_per_vcpu=4.0, curve_f10=0.2, curve_f50=0.5)
    assert watts == pytest.approx(2.0)  # 4 x 0.5


def test_percent_in_the_place_of_a_share_is_refused() -> None:
    with pytest.raises(ValueError, match="share from 0 to 1, got 18"):
        load_share(18, 0.2, 0.5)


def test_a_vcpu_that_is_a_core_draws_what_its_threads_draw() -> None:
    assert watts_per_vcpu(1.5, threads_per_core=2, vcpu_is_core=True) == 3.0
    assert watts_per_vcpu(1.5, threads_per_core=2, vcpu_is_core=False) == 1.5


def test_only_memory_above_what_the_cpu_figure_includes_counts() -> None:
    # 10 GiB x (0.1 + 0.25 x 0.4)
    assert memory_power_w(16, 6, 0.25, idle_w_per_gib=0.1, full_w_per_gib=0.5) == pytest.approx(2.0)
    assert memory_power_w(4, 6, 0.25, idle_w_per_gib=0.1, full_w_per_gib=0.5) == 0.0


def test_half_a_board_draws_half() -> None:
    assert accelerator_power_w(0.5, 0.4, idle_w=50, busy_w=300) == pytest.approx(75.0)  # 0.5 x (50 + 0.4 x 250)


def test_a_machine_adds_its_parts_and_the_host_overhead_leaves_the_boards_alone() -> None:
    machine = Machine(
        vcpu=10, idle_w_per_vcpu=1, full_w_per_vcpu=5, curve_f10=0.2, curve_f50=0.5, memory_gib=100, included_gib=20,
        memory_idle_w_per_gib=0.1, memory_full_w_per_gib=0.3, host_overhead=1.5, accelerators=2,
        accelerator_idle_w=50, accelerator_busy_w=300, node_overhead_w=40,
    )  # fmt: skip
    parts = machine_power(machine, utilization=0.5, accelerator_utilization=0.4)
    assert parts.compute_w == pytest.approx(45.0)  # 10 x (1 + 0.5 x 4) x 1.5
    assert parts.memory_w == pytest.approx(24.0)  # 80 x (0.1 + 0.5 x 0.2) x 1.5
    assert parts.accelerator_w == pytest.approx(380.0)  # 2 x (50 + 0.4 x 250 + 40)
    assert parts.it_w == pytest.approx(449.0)


def test_a_burst_draws_the_span_above_idle() -> None:
    assert surplus_power_w(1.0, 5.0, 1.5) == pytest.approx(6.0)


def test_energy_of_hours_storage_transfer_and_functions() -> None:
    assert hours_energy_kwh(200, 24) == pytest.approx(4.8)
    # 1000 GB for 720 h = 720 TB-h; x 1.2 Wh x 1.5 overhead x 2 copies = 2592 Wh
    assert coefficient_energy_kwh(720_000, kwh_per_gb_h(1.2), 1, 1.5, 2) == pytest.approx(2.592)
    # 500 GB x 0.001 kWh
    assert coefficient_energy_kwh(500, 0.001, 1, 1, 1) == pytest.approx(0.5)
    # 1000 GB-h x half a vCPU each x 3 Wh x 1.2 = 1800 Wh
    assert coefficient_energy_kwh(1000, 0.003, 0.5, 1.2, 1) == pytest.approx(1.8)


def test_embodied_carbon_goes_by_the_share_of_the_host_over_its_lifetime() -> None:
    host = Host(
        vcpu=24, host_vcpu=96, host_sockets=2, memory_gib=100, local_ssd_gb=1000, accelerators=1, server_base_kg=1000,
        extra_socket_kg=100, dram_kg_per_gib=1.5, ssd_kg_per_gb=0.05, accelerator_kg=150, lifetime_years=5,
    )  # fmt: skip
    # 1/4 x 1100 + 150 + 50 + 150 = 625 kg over 43,800 h
    assert embodied_kg_per_hour(host) == pytest.approx(625 / 43_800)


def test_emissions_are_energy_at_the_meter_times_the_grid() -> None:
    assert location_based_kg(10, 1.2, 500) == pytest.approx(6.0)


def test_an_interval_adds_independent_effects_in_quadrature_of_their_logs() -> None:
    # halving and halving: exp(-ln 2 x sqrt 2) = 0.375; what moves the other way moves nothing
    assert low_factor([0.5, 0.5, 3.0]) == pytest.approx(math.exp(-math.sqrt(2) * math.log(2)))
    assert high_factor([0.5, 0.5, 3.0]) == pytest.approx(3.0)
    assert low_factor([]) == high_factor([]) == 1.0


def test_an_input_that_can_be_zero_makes_the_low_end_zero() -> None:
    assert low_factor([0.0, 0.9]) == 0.0
