"""The physics as pure formulas: the reference that the SQL of this room is tested against.

Power in W, energy in kWh, utilization a share from 0 to 1. Zero load is a measurement, not a gap: an idle
machine still draws its idle power. Sources of the numbers are rows of the factor set, never constants here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wattledger.units import G_PER_KG, GB_PER_TB, HOURS_PER_YEAR, WH_PER_KWH


@dataclass(frozen=True)
class Machine:
    """One machine as it is sold. Watts are per vCPU as sold, memory in GiB.

    ``included_gib`` is the memory that the CPU figure already contains (SPECpower measures whole servers).
    ``accelerators`` may be a fraction of a board; ``node_overhead_w`` is what the node draws beside each board
    (fans, switch).
    """

    vcpu: float
    idle_w_per_vcpu: float
    full_w_per_vcpu: float
    curve_f10: float
    curve_f50: float
    memory_gib: float
    included_gib: float
    memory_idle_w_per_gib: float
    memory_full_w_per_gib: float
    host_overhead: float
    accelerators: float = 0.0
    accelerator_idle_w: float = 0.0
    accelerator_busy_w: float = 0.0
    node_overhead_w: float = 0.0


@dataclass(frozen=True)
class PowerParts:
    """IT power in W by part; the node overhead of accelerators counts as accelerator."""

    compute_w: float
    memory_w: float
    accelerator_w: float

    @property
    def it_w(self) -> float:
        """The sum of the parts, in W."""
        return self.compute_w + self.memory_w + self.accelerator_w


@dataclass(frozen=True)
class Host:
    """What was manufactured for a machine. kg CO2e; ``server_base_kg`` holds the first socket."""

    vcpu: float
    host_vcpu: float
    host_sockets: float
    memory_gib: float
    local_ssd_gb: float
    accelerators: float
    server_base_kg: float
    extra_socket_kg: float
    dram_kg_per_gib: float
    ssd_kg_per_gb: float
    accelerator_kg: float
    lifetime_years: float


def load_share(utilization: float, curve_f10: float, curve_f50: float) -> float:
    """Return the share of the span from idle to full power, 0 to 1.

    Piecewise linear through (0, 0), (0.1, f10), (0.5, f50) and (1, 1).
    """
    _check_share(utilization)
    if utilization <= 0.1:
        return utilization / 0.1 * curve_f10
    if utilization <= 0.5:
        return curve_f10 + (utilization - 0.1) / 0.4 * (curve_f50 - curve_f10)
    return curve_f50 + (utilization - 0.5) / 0.5 * (1.0 - curve_f50)


def cpu_power_w(
    vcpu: float,
    utilization: float,
    *,
    idle_w_per_vcpu: float,
    full_w_per_vcpu: float,
    curve_f10: float,
    curve_f50: float,
) -> float:
    """Return the power of ``vcpu`` vCPUs in W, at the wall of the server, before host overhead and PUE."""
    share = load_share(utilization, curve_f10, curve_f50)
    return vcpu * (idle_w_per_vcpu + share * (full_w_per_vcpu - idle_w_per_vcpu))


def watts_per_vcpu(w_per_thread: float, threads_per_core: float, vcpu_is_core: bool) -> float:
    """Return W per vCPU as sold: a vCPU that is a whole core draws what its threads draw together."""
    return w_per_thread * threads_per_core if vcpu_is_core else w_per_thread


def memory_power_w(
    memory_gib: float,
    included_gib: float,
    utilization: float,
    *,
    idle_w_per_gib: float,
    full_w_per_gib: float,
) -> float:
    """Return the power in W of the memory above what the CPU figure includes; never negative.

    Linear in the utilization of the CPU: what computes more reads and writes more.
    """
    _check_share(utilization)
    w_per_gib = idle_w_per_gib + utilization * (full_w_per_gib - idle_w_per_gib)
    return max(memory_gib - included_gib, 0.0) * w_per_gib


def accelerator_power_w(accelerators: float, utilization: float, idle_w: float, busy_w: float) -> float:
    """Return the power of the boards in W: linear in the share of time they are busy. A board may be a fraction."""
    _check_share(utilization)
    return accelerators * (idle_w + utilization * (busy_w - idle_w))


def machine_power(machine: Machine, utilization: float, accelerator_utilization: float) -> PowerParts:
    """Return the IT power of one machine in W by part, before PUE.

    The host overhead (fans, network card, drives that tuned benchmark hosts lack) multiplies CPU and memory;
    boards have their own term per accelerator.
    """
    cpu_w = cpu_power_w(
        machine.vcpu,
        utilization,
        idle_w_per_vcpu=machine.idle_w_per_vcpu,
        full_w_per_vcpu=machine.full_w_per_vcpu,
        curve_f10=machine.curve_f10,
        curve_f50=machine.curve_f50,
    )
    memory_w = memory_power_w(
        machine.memory_gib,
        machine.included_gib,
        utilization,
        idle_w_per_gib=machine.memory_idle_w_per_gib,
        full_w_per_gib=machine.memory_full_w_per_gib,
    )
    boards_w = accelerator_power_w(
        machine.accelerators, accelerator_utilization, machine.accelerator_idle_w, machine.accelerator_busy_w
    )
    return PowerParts(
        compute_w=cpu_w * machine.host_overhead,
        memory_w=memory_w * machine.host_overhead,
        accelerator_w=boards_w + machine.accelerators * machine.node_overhead_w,
    )


def surplus_power_w(idle_w_per_vcpu: float, full_w_per_vcpu: float, host_overhead: float) -> float:
    """Return W per vCPU of burst above the baseline: the span from idle to full; idle is on the instance's line."""
    return (full_w_per_vcpu - idle_w_per_vcpu) * host_overhead


def hours_energy_kwh(power_w: float, hours: float) -> float:
    """Return energy in kWh of a constant power in W over ``hours``."""
    return power_w * hours / WH_PER_KWH


def coefficient_energy_kwh(
    quantity: float, coefficient_kwh: float, share: float, overhead: float, copies: float
) -> float:
    """Return the IT energy in kWh of storage, transfer, functions and containers: quantity times coefficient.

    ``coefficient_kwh`` is per unit of the physical ``quantity`` (GB-hour, GB, vCPU-hour); ``share``, ``overhead`` and
    ``copies`` multiply it and are 1 where they do not apply. A transfer is counted once, at its sender; the memory of a
    function is inside its vCPU figure.
    """
    return quantity * coefficient_kwh * share * overhead * copies


def kwh_per_gb_h(wh_per_tb_h: float) -> float:
    """Return the power of drives in kWh per GB-hour, as the factor set's Wh per TB-hour."""
    return wh_per_tb_h / GB_PER_TB / WH_PER_KWH


def embodied_kg_per_hour(host: Host) -> float:
    """Return manufacturing emissions in kg CO2e per hour, spread evenly over the lifetime.

    Hours held count, busy or not. The chassis goes by the vCPU share of the host, memory and drives by what is sold.
    """
    chassis_kg = host.server_base_kg + (host.host_sockets - 1.0) * host.extra_socket_kg
    kg = (
        host.vcpu / host.host_vcpu * chassis_kg
        + host.memory_gib * host.dram_kg_per_gib
        + host.local_ssd_gb * host.ssd_kg_per_gb
        + host.accelerators * host.accelerator_kg
    )
    return kg / (host.lifetime_years * HOURS_PER_YEAR)


def location_based_kg(it_energy_kwh: float, pue: float, grid_g_co2e_per_kwh: float) -> float:
    """Return operational emissions in kg CO2e: energy at the meter times the average intensity of the grid."""
    return it_energy_kwh * pue * grid_g_co2e_per_kwh / G_PER_KG


def lost_per_delivered(td_loss: float) -> float:
    """Return what the grid loses per kWh that it delivers, of the share of the power made that it loses."""
    return td_loss / (1.0 - td_loss)


def onsite_water_l(it_energy_kwh: float, wue_l_per_kwh_it: float) -> float:
    """Return the water used at the site in litres. WUE is per kWh of IT energy by its definition: no PUE."""
    return it_energy_kwh * wue_l_per_kwh_it


def offsite_water_l(it_energy_kwh: float, pue: float, wcf_l_per_kwh: float) -> float:
    """Return the water consumed where the power is made, in litres, for energy at the meter."""
    return it_energy_kwh * pue * wcf_l_per_kwh


def low_factor(ratios: Sequence[float]) -> float:
    """Return what the central value is multiplied by to get the low end.

    Independent ratios add in quadrature of their logs. A ratio is the result with one input at its low end over the
    central result; one that is not below 1 moves nothing, one of 0 makes the low end 0.
    """
    if any(ratio <= 0 for ratio in ratios):
        return 0.0
    return math.exp(-math.sqrt(sum(math.log(min(ratio, 1.0)) ** 2 for ratio in ratios)))


def high_factor(ratios: Sequence[float]) -> float:
    """Return what the central value is multiplied by to get the high end; as low_factor, upwards."""
    return math.exp(math.sqrt(sum(math.log(max(ratio, 1.0)) ** 2 for ratio in ratios)))


def _check_share(utilization: float) -> None:
    if not 0 <= utilization <= 1:
        raise ValueError(f"utilization is a share from 0 to 1, got {utilization}; divide percent by 100")
