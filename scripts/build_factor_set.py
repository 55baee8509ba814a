"""Make the tables of the factor set again: `python scripts/build_factor_set.py FACTS_FOLDER [--check]`.

FACTS_FOLDER holds the fact tables that the set is made from, one row per fact with its source and licence. This script
brings them into the set's own schema, leaves out what may not be passed on or cannot be, and lays the rows of
scripts/factor_overrides over them: values that were read again at their source, or measured better since. Rules are
method and not made here. `--check` writes nothing and exits 1 where a table differs from the shipped one.
"""

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from csv_tables import Row, csv_text
from factor_set.coefficients import coefficients
from factor_set.grids import grid, grid_alternatives
from factor_set.hardware import accelerators, cpus, instances
from factor_set.overrides import KEYS, overlay
from factor_set.places import region_groups, regions, site_metrics
from factor_set.uncertainties import uncertainties

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from models.factor_set import digest, file_digests  # noqa: E402, found by the line above
from models.own_factors import columns_of  # noqa: E402

FACTORS = ROOT / "models" / "factors"
BUILDERS: dict[str, Callable[[Path], list[Row]]] = {
    "grid_intensity": grid,
    "region": regions,
    "region_group": region_groups,
    "grid_alternative": grid_alternatives,
    "site_metric": site_metrics,
    "cpu_power": cpus,
    "accelerator_power": accelerators,
    "instance": instances,
    "coefficient": coefficients,
    "uncertainty": uncertainties,
    "electricity_price": lambda _: [],  # every row is read at its source: factor_overrides
}


def main(arguments: Sequence[str]) -> int:
    """Build every table; return the exit code."""
    check = "--check" in arguments
    folders = [Path(argument) for argument in arguments if argument != "--check"]
    if len(folders) != 1 or not folders[0].is_dir():
        print(__doc__.splitlines()[0], file=sys.stderr)  # noqa: T201
        return 2
    differing = []
    for table, build in BUILDERS.items():
        rows = overlay(table, build(folders[0]))
        text = csv_text(columns_of(table), sorted(rows, key=lambda row: [row[name] for name in KEYS[table]]))
        target = FACTORS / f"{table}.csv"
        if text != target.read_text(encoding="utf-8"):
            differing.append(table)
            if not check:
                target.write_text(text, encoding="utf-8")
    if not check:
        write_digest(FACTORS / "set.toml", digest(file_digests()))
    print(f"{'differ' if check else 'written'}: {', '.join(differing) or 'none'}")  # noqa: T201
    return 1 if check and differing else 0


def write_digest(path: Path, digest: str) -> None:
    """State in a set.toml the digest of the tables beside it."""
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'digest = ".*"', f'digest = "{digest}"', text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
