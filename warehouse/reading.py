"""Foreign bytes are read in a child process: a crash, a bomb or a hang there costs one unit, not the run."""

import contextlib
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

import duckdb

from warehouse.database import first_line, is_disk_full
from wattledger.contracts import LocalFile, ReadReport, Source
from wattledger.errors import BrokenInputError, UnsettledInputError, WarehouseError, WattledgerError
from wattledger.faults import point

ADDRESS_SPACE_BYTES = 8 << 30  # DuckDB reserves far more address space than it uses
SECONDS_PER_UNIT = 1800.0
_LOOK_EVERY_S = 0.5


class ReadingChild:
    """One child for one source and run, started when first needed and again after it died."""

    def __init__(self, source: Source, seconds_per_unit: float = SECONDS_PER_UNIT) -> None:
        self._source = source
        self._seconds = seconds_per_unit
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> "ReadingChild":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def read(self, label: str, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport:
        """Have the child write the rows of ``files`` to ``staged``; BrokenInputError if it cannot.

        UnsettledInputError when the child was stopped: that can be the machine's fault, so it is no last word.
        """
        pipe = self._start()
        try:
            pipe.send((tuple(files), staged, scratch))
            if not pipe.poll(self._seconds):
                self._stop()
                raise UnsettledInputError(
                    f"{label}: reading took longer than {self._seconds:.0f} s and was stopped. Nothing of this unit "
                    "was loaded. Split the delivery into smaller files, or check that the file is what it claims."
                )
            answer: ReadReport | WattledgerError = pipe.recv()
        except (EOFError, ConnectionError):
            code = self._exit_code()
            raise UnsettledInputError(
                f"{label}: the reader died ({code}) while reading {', '.join(str(f.path) for f in files)}. Nothing of "
                "this unit was loaded. The file is damaged or needs more memory than the limit. The next run reads it "
                "again; if that fails too, fetch it again."
            ) from None
        if isinstance(answer, WattledgerError):
            raise answer
        return answer

    def _start(self) -> Connection:
        if self._pipe is not None and self._process is not None and self._process.is_alive():
            return self._pipe
        self._stop()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._source, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours

    def _stop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._pipe = self._process = None

    def _exit_code(self) -> str:
        code = None
        if self._process is not None:
            self._process.join(5)
            code = self._process.exitcode
        self._stop()
        return f"signal {-code}" if code is not None and code < 0 else f"exit {code}"


def _serve(pipe: Connection, source: Source, parent: int) -> None:
    """Read units until the parent, a process id, hangs up or dies."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # stdout is the parent's data; DuckDB would draw progress bars on it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches this process, too; the parent answers it
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            files, staged, scratch = pipe.recv()
            point("child_asked")
            answer = _read(source, files, staged, scratch)
            point("child_read")
            pipe.send(answer)


def _end_with(parent: int) -> None:
    """End this process when its parent is gone, whatever it is reading: nobody waits for the answer."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)


def _read(source: Source, files: Sequence[LocalFile], staged: Path, scratch: Path) -> ReadReport | WattledgerError:
    names = ", ".join(str(file.path) for file in files)
    try:
        return source.read(files, staged, scratch)
    except WattledgerError as error:
        return error
    except MemoryError:
        return BrokenInputError(f"{names}: needs more memory than the limit. Split the delivery into smaller files.")
    except (duckdb.Error, OSError) as error:
        if is_disk_full(error):
            return WarehouseError(
                f"The disk is full while reading {names}. What was loaded before is intact. Make room, then run again."
            )
        return BrokenInputError(
            f"{names}: cannot be read: {first_line(error)}. Nothing of this unit was loaded. "
            "Fetch the file again or check the export."
        )
