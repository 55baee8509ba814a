# `make demo` and `make test` set up what they need into .venv, once, and then run.
PYTHON ?= python3
RUN := .venv/bin

.PHONY: setup demo test check test-long bench pages lock clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml scripts/setup.sh
	PYTHON=$(PYTHON) sh scripts/setup.sh

demo: setup
	@$(RUN)/wattledger demo

check: setup
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

test: check
	$(RUN)/pytest -n 2 --dist loadgroup

test-long: setup
	$(RUN)/pytest -m long -n 2

bench: setup
	$(RUN)/python -m bench

pages: setup # made from the comments that the views carry, and from the rules
	$(RUN)/python -c "from warehouse.views import columns_page; print(columns_page(), end='')" > docs/columns.md
	$(RUN)/python scripts/write_coverage.py > docs/coverage.md

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
		--group dev pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist demo
