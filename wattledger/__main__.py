"""The door: `wattledger` and `python -m wattledger` come in here."""

import sys
from pathlib import Path

_HERE = Path(__file__).parent
# Installed, the rooms lie in `_rooms`; in a checkout, beside this folder. Either way ours come
# first, so that a `models/` on the caller's PYTHONPATH cannot stand in for them.
sys.path.insert(0, str(_HERE / "_rooms" if (_HERE / "_rooms").is_dir() else _HERE.parent))


def main() -> None:
    """Run the command line."""
    from cli.main import cli

    cli()


if __name__ == "__main__":
    main()
