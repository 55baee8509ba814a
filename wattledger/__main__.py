"""The door: `wattledger` and `python -m wattledger` come in here."""

import io
import signal
import sys
from pathlib import Path
from types import FrameType

_HERE = Path(__file__).parent
# Installed, the rooms lie in `_rooms`; in a checkout, beside this folder. Either way ours come
# first, so that a `models/` on the caller's PYTHONPATH cannot stand in for them.
sys.path.insert(0, str(_HERE / "_rooms" if (_HERE / "_rooms").is_dir() else _HERE.parent))


def _terminate(number: int, _: FrameType | None) -> None:
    """End in order: open transactions roll back, the lock is freed."""
    sys.exit(128 + number)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a narrow terminal encoding spoils no report

    from cli.main import cli

    cli()


if __name__ == "__main__":
    main()
