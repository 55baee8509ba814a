"""docs/method.md: every worked number follows from its own calculation and from the shipped factors."""

import math
from pathlib import Path

import pytest
from rated import JUNE, add_sku, ec2, rate, warehouse

from models.explain import explain_sku

PAGE = Path(__file__).parents[2] / "docs" / "method.md"
_GCP = {
    "provider": "gcp", "region_id": "europe-west1", "service_name": "Compute Engine", "instance_type": "n2-standard-8",
    "line_type": "regular",
}  # fmt: skip
SKUS = {
    "An hour of an m5.large": ec2("m5.large"),
    "An hour of a p4d.24xlarge": ec2("p4d.24xlarge"),
    "A GB-month of gp3": {
        "service_code": "AmazonEC2", "sku_meter": "EBS:VolumeUsage.gp3", "consumed_unit": "GB-Mo",
    },
    "A GB-month of S3 Standard": {
        "service_code": "AmazonS3", "sku_meter": "TimedStorage-ByteHrs", "consumed_unit": "GB-Mo",
    },
    "A GB-second of Lambda": {
        "service_code": "AWSLambda", "sku_meter": "Lambda-GB-Second", "consumed_unit": "Lambda-GB-Second",
    },
    "A thousand input tokens of Llama 3.3 70B": {
        "service_code": "AmazonBedrock", "sku_meter": "USE1-Llama3-3-70B-input-tokens", "consumed_unit": "1K tokens",
    },
    "A second of an N2 vCPU": {**_GCP, "sku_meter": "N2 Instance Core running in EMEA", "consumed_unit": "seconds"},
    "A byte-second of N2 memory": {
        **_GCP, "sku_meter": "N2 Instance Ram running in EMEA", "consumed_unit": "byte-seconds",
    },
    "A second of a T4 board": {**_GCP, "sku_meter": "Nvidia Tesla T4 GPU running in EMEA", "consumed_unit": "seconds"},
    "An hour of a dedicated m5 host": {
        "service_code": "AmazonEC2", "sku_meter": "HostUsage:m5", "operation": "RunInstances", "consumed_unit": "Hrs",
    },
    "A vCPU-hour of t3 CPU credits": {
        "service_code": "AmazonEC2", "sku_meter": "CPUCredits:t3", "consumed_unit": "vCPU-Hours",
    },
    "A vCPU-hour of Fargate": {
        "service_code": "AmazonECS", "sku_meter": "Fargate-vCPU-Hours:perCPU", "consumed_unit": "hours",
    },
    "A GB between zones": {
        "service_code": "AmazonEC2", "sku_meter": "DataTransfer-Regional-Bytes", "operation": "InterZone-Out",
        "consumed_unit": "GB",
    },
    "A byte-second of Cloud Storage": {
        "provider": "gcp", "region_id": "us", "service_name": "Cloud Storage", "line_type": "regular",
        "sku_meter": "Standard Storage US Multi-region", "consumed_unit": "byte-seconds",
    },
    "A month of a P10 disk": {
        "provider": "azure", "region_id": "westeurope", "service_code": "Storage", "sku_meter": "P10 LRS Disk",
        "operation": "Premium SSD Managed Disks", "consumed_unit": "Units/Month",
    },
    "Water of an hour of an m5.large": ec2("m5.large"),
    "Losses of the grid for an hour of an m5.large": ec2("m5.large"),
    "Low and high": {
        "service_code": "AmazonEC2", "sku_meter": "EBS:VolumeUsage.gp3", "consumed_unit": "GB-Mo",
    },
}  # fmt: skip


def _examples() -> dict[str, list[tuple[str, str, float]]]:
    """Heading -> rows of its worked table: step, calculation, result."""
    found: dict[str, list[tuple[str, str, float]]] = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        if "| step | calculation | result |" in section:
            heading = section.splitlines()[0].split(" in ")[0].split(" on x86")[0]
            rows = section.split("|---|---|---|\n")[1].split("\n\n")[0].splitlines()
            cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
            found[heading] = [(step, numbers, float(result.split()[0])) for step, numbers, result in cells]
    return found


def test_every_example_of_the_page_is_checked() -> None:
    assert set(_examples()) == set(SKUS)


@pytest.mark.parametrize("heading", SKUS)
def test_the_worked_numbers_are_those_of_the_rate_card(heading: str) -> None:
    with warehouse() as connection:
        sku_id = add_sku(connection, **SKUS[heading])
        rate(connection, sku_id)
        steps = explain_sku(connection, sku_id, JUNE).steps
    names = {"max": max, "exp": math.exp, "sqrt": math.sqrt}
    for name, numbers, result in _examples()[heading]:
        step = next(step for step in steps if step.name == name or step.name.startswith(f"{name} ("))
        typed_in = eval(numbers.replace(" x ", " * "), {"__builtins__": {}}, names)  # our own page
        assert typed_in == pytest.approx(result, rel=1e-4), (heading, name)
        assert step.value == pytest.approx(result, rel=1e-4), (heading, name)
