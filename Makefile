# What one does daily. Every target installs what it needs, once; the stamp in .venv knows which locks it was made from.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed-from-locks

.PHONY: demo test check bench screenshots lock wheel clean

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Stagedoor needs Python 3.11 or later; name one with: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP)  ## a sample program in the console
	@$(BIN)/stagedoor demo

# Thousands of program files, each commit of which waits for the disk: in memory where there is room for them.
IN_MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'NR == 2 { print $$4 }')" -gt 4000000 ] && \
	echo "--basetemp=/dev/shm/stagedoor-tests -o tmp_path_retention_policy=failed")

test: $(STAMP)  ## every test
	$(BIN)/python -m pytest -n 2 $(IN_MEMORY)

check: $(STAMP)  ## format, lint, types, directions of import
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## every benchmark, with its baseline
	$(BIN)/python -m tests.bench $(BENCH)

screenshots: $(STAMP)  ## the pictures of the README
	$(BIN)/python -m tests.screenshots

lock:  ## exact versions with hashes, from pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command 'make lock' pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command 'make lock' --constraint requirements.txt --group dev -o requirements-dev.txt

wheel: $(STAMP)  ## the wheel, in dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf .venv dist build
