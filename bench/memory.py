"""Peak memory of a process and all its descendants, sampled from /proc."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_EVERY_S = 0.02
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Measured:
    """What a piece of work took: wall time, and the peak of the resident memory of its process tree."""

    seconds: float = 0.0
    peak_bytes: int = 0


@contextmanager
def measure(pid: int | None = None) -> Iterator[Measured]:
    """Time the block and watch the tree of ``pid``, or of this process."""
    found = Measured()
    done = threading.Event()
    watched = pid or os.getpid()

    def watch() -> None:
        while not done.wait(_EVERY_S):
            found.peak_bytes = max(found.peak_bytes, tree_bytes(watched))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    started = time.perf_counter()
    try:
        yield found
    finally:
        found.seconds = time.perf_counter() - started
        done.set()
        watcher.join()


def tree_bytes(pid: int) -> int:
    """Return the resident memory of ``pid`` and its descendants. Pages that they share count for each."""
    total, waiting = 0, [pid]
    while waiting:
        process = waiting.pop()
        try:
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
            for task in Path(f"/proc/{process}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue  # it ended meanwhile
    return total
