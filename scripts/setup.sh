#!/bin/sh
# Build .venv from the hash-locked requirements.lock. Called by make when the lock is newer than .venv/.ready.
set -eu
PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "wattledger needs Python 3.11 or newer; this is $("$PYTHON" --version). Name another: make PYTHON=python3.12 ..." >&2
    exit 1
}
rm -rf .venv
if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "$PYTHON" .venv
    VIRTUAL_ENV=.venv uv pip sync --quiet --require-hashes requirements.lock
    VIRTUAL_ENV=.venv uv pip install --quiet --no-deps --no-build-isolation --editable .
else
    "$PYTHON" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi
touch .venv/.ready
