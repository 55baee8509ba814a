"""The program as `pip install` leaves it, run where every other import path leads to the rooms of somebody else."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOSTILE = "raise ImportError('the models of somebody else')\n"


def build(folder: Path) -> None:
    """Build wheel and sdist with the installed hatchling: no isolated environment, no network."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def unpack(dist: Path, site: Path) -> None:
    """Unpack the wheel, which is all that installing a pure one does, so that no installer is needed."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)


def surround(folder: Path) -> None:
    """Put rooms of somebody else into ``folder``, the working directory, and into ``folder/elsewhere``."""
    for place in (folder / "elsewhere", folder):
        for room in ("models", "cli", "connectors"):
            (place / room).mkdir(parents=True, exist_ok=True)
            (place / room / "__init__.py").write_text(HOSTILE)


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program from ``site`` in ``folder``, which `surround` made hostile.

    ``-S`` keeps out the editable install of this checkout; the dependencies come by PYTHONPATH.
    """
    paths = (folder / "elsewhere", site, sysconfig.get_path("purelib"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "HOME": str(folder)}
    command = [sys.executable, "-S", "-m", "wattledger", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=120
    )
