# Two commands set everything up:  make demo  (Python only)  and  make test.
# Everything is made inside this folder: .venv, node_modules, demo.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export ETH_HASH_BACKEND := pysha3
# A file of tests stays with one worker: what a file shares (a chain, a browser) is made once.
WORKERS := -n auto --maxprocesses 4 --dist loadfile

.PHONY: help demo test test-all fault-full unit lint types imports check bench vectors contracts web screenshots analyse lock clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo [SERVE=1]   the whole story on one machine; SERVE=1 leaves the node running
demo: .make/run
	$(BIN)/python -m rootseal demo --dir demo $(if $(SERVE),--serve)

## make test [T=path]    everything that needs no root; names what it left out. A worker for each processor, at most four
test: .make/dev .make/node
	$(BIN)/python -m pytest -rs $(WORKERS) $(T)

## make test-all         everything; a test left out is a failure
test-all: .make/dev .make/node
	ROOTSEAL_REQUIRE_ALL=1 $(BIN)/python -m pytest -rs $(WORKERS) $(T)

## make fault-full       the fault kit at every point instead of a sample; hours. PART=1/8 runs one part of eight
fault-full: .make/dev .make/node
	ROOTSEAL_REQUIRE_ALL=1 ROOTSEAL_FAULT_FULL=1 ROOTSEAL_FAULT_PART=$(PART) $(BIN)/python -m pytest -rs tests/fault $(T)

## make check            lint, types, import contracts, artifacts and vectors fresh
check: lint types imports
	$(BIN)/python scripts/compile_contracts.py --check
	$(BIN)/python scripts/make_vectors.py --check
	$(BIN)/python scripts/make_golden_documents.py --check
	$(BIN)/python scripts/build_web.py --check

lint: .make/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .make/dev
	$(BIN)/mypy --strict -p rootseal -p anchor -p node -p wallet
	$(BIN)/mypy --strict --explicit-package-bases scripts/*.py

imports: .make/dev
	$(BIN)/lint-imports

## make bench            figures with ratios, JSON beside them in docs/
bench: .make/dev
	$(BIN)/python -m scripts.bench

## make vectors          write the committed test vectors and golden documents anew
vectors: .make/dev
	$(BIN)/python scripts/make_vectors.py
	$(BIN)/python scripts/make_golden_documents.py

## make contracts        compile the contracts and write their artifacts anew
contracts: .make/dev .make/node
	$(BIN)/python scripts/compile_contracts.py

## make web              build the verify page (node/pages) from web/
web: .make/node
	$(BIN)/python scripts/build_web.py

## make screenshots      take docs/screenshots anew
screenshots: .make/node
	ROOTSEAL_SCREENSHOTS=1 $(BIN)/python -m pytest tests/browser -k "screenshots or axe or sideways"

## make analyse          Slither (each finding is answered in contracts/ANALYSIS.md), and proofs by Halmos
analyse: .make/node
	$(BIN)/python scripts/analyse.py

## make lock             pin the dependencies anew, with hashes
lock: .make/dev
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --prerelease if-necessary-or-explicit --extra all -o requirements/run.txt pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --prerelease if-necessary-or-explicit --extra dev -o requirements/dev.txt pyproject.toml

clean:
	rm -rf $(VENV) .make node_modules build *.egg-info demo

$(BIN)/python:
	@sh scripts/make_venv.sh "$(PYTHON)" "$(VENV)"

.make/run: $(BIN)/python requirements/run.txt pyproject.toml
	$(BIN)/python -m pip install -q --no-warn-script-location --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install -q --no-warn-script-location --disable-pip-version-check --no-deps -e .
	@mkdir -p .make && touch $@

.make/dev: $(BIN)/python requirements/dev.txt pyproject.toml
	$(BIN)/python -m pip install -q --no-warn-script-location --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --no-warn-script-location --disable-pip-version-check --no-deps -e .
	@mkdir -p .make && touch $@ .make/run

.make/node: .make/dev package.json package-lock.json
	$(BIN)/python scripts/install_node_tools.py
	@mkdir -p .make && touch $@
