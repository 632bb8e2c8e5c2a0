# Two commands on a machine with Python and make: `make scan` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help env scan demo demo-snapshot test format format-check lint types contracts unit members members-dropped parity quick docs docs-fresh fuzz bench mutants history-long long nonsense plans-long secrets lock wheel clean

help:
	@echo "make scan     start a small AWS estate on this machine, scan it over its API, show the matrix"
	@echo "make test     format, lint, types, import contracts, tests, documentation"
	@echo "make quick    the tests of the pure layers, in under a minute"
	@echo "make demo     the matrix of the snapshot that the package carries"
	@echo "make format   put the code in its form"
	@echo "make docs     write the generated documentation again"
	@echo "make fuzz | bench | mutants | members-dropped | parity | history-long | long | nonsense | plans-long | secrets    the longer proofs, by hand"
	@echo "make lock     resolve the dependencies again      make wheel    build into dist/"

env: $(READY)

# uv, itself taken from the lock, installs in seconds; where it cannot reach an index that pip can, pip does it.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tscan needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {on=1; print; next} /^[^ ]/ {on=0} on' requirements.lock > $(VENV)/uv.txt
	@echo "installing the locked dependencies into $(VENV)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock \
	  || $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

scan: $(READY)
	@$(BIN)/python -m tests.estate scan

demo: $(READY)
	@$(BIN)/tscan demo; code=$$?; test $$code -ne 2

# Evidence for `tscan demo`; to be recorded again when checks or kinds change what they read.
demo-snapshot: $(READY)
	@$(BIN)/python -m tests.estate demo scanner/cli/demo/project

test: format-check lint types contracts docs-fresh unit

format-check: $(READY)
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

# One process a core; a file's tests stay together, for they share what its fixtures made.
PARALLEL := -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
PURE     := $(addprefix tests/,core language matching content mappings formats repository)

unit: $(READY)
	@$(BIN)/pytest $(PARALLEL)

# Members and values of the providers' models that kinds do not account for; WRITE=--write first writes the values.
members: $(READY)
	@$(BIN)/python -m tests.providers.members $(WRITE)

# Three estates, applied and planned by a Terraform of this machine (TSCAN_TF_PLUGINS names its providers).
parity: $(READY)
	@$(BIN)/python -m tests.plans.parity

# Spoils each member of each recorded answer: nothing may look better for it.
members-dropped: $(READY)
	@$(BIN)/python -m tests.recordings.members_dropped

# The pure layers, without what takes seconds: for the minute between two edits.
quick: $(READY)
	@$(BIN)/pytest $(PARALLEL) -m "not slow" $(PURE)

docs: $(READY)
	$(BIN)/python docs/generate.py

docs-fresh: $(READY)
	$(BIN)/python docs/generate.py --check

fuzz: $(READY)
	$(BIN)/python -m tests.language.fuzz_oracle --cases 120000
	$(BIN)/python -m tests.matching.fuzz_logging_queries --cases 20000
	$(BIN)/python -m tests.matching.agreement --cases 20000

bench: $(READY)
	@for script in benchmarks/language.py benchmarks/evaluation.py benchmarks/library.py benchmarks/startup.py benchmarks/memory.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

mutants: $(READY)
	$(BIN)/python -m tests.language.mutants
	$(BIN)/python -m tests.core.mutants
	$(BIN)/python -m tests.mutation
	$(BIN)/tscan checks mutate --threshold 90 --quiet

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	  $(addprefix --extra ,alerts aws azure gcp github plan) --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q \
	  -c requirements.lock -o .github/action/requirements.lock

# Kill -9 at random moments, many writers at once, random damage, each in a folder and in a bucket of moto; half a year
# replayed; random sequences of scans that are as committed.
history-long: $(READY)
	$(BIN)/python -m tests.history.kill --count 200
	$(BIN)/python -m tests.history.kill --count 200 --s3
	$(BIN)/python -m tests.history.writers --writers 8 --commits 20
	$(BIN)/python -m tests.history.writers --writers 8 --commits 20 --s3
	$(BIN)/python -m tests.history.tamper --count 1000
	$(BIN)/python -m tests.history.tamper --count 1000 --s3
	$(BIN)/python -m tests.history.replaying --nights 180
	$(BIN)/python -m tests.history.sequences --count 200

# What the suite tries of everything by samples, all of it.
long: $(READY)
	TSCAN_LONG=1 $(BIN)/pytest $(PARALLEL) tests/authored tests/content tests/core tests/history tests/nonsense tests/pipeline

# Every operation of every cloud in every kind of nonsense, and whole scans beside a cloud that answers as it should.
nonsense: $(READY)
	$(BIN)/python -m tests.nonsense calls
	$(BIN)/python -m tests.nonsense scans

# Takes one thing at a time from every plan in the folder PLANS, and from every example: nothing may look better, or worse.
plans-long: $(READY)
	$(BIN)/python -m tests.plans.monotone $(PLANS) --count 12000
	TSCAN_PLANS=$(PLANS) $(BIN)/pytest -q tests/plans/test_lines.py tests/plans/test_secrets.py

# Each form of secret in each text member of each operation's answer; each text of the estate redacted in turn.
secrets: $(READY)
	$(BIN)/python -m tests.pipeline.planted_secrets
	TSCAN_SECRETS=all $(BIN)/pytest tests/pipeline/test_planted_secrets.py
	$(BIN)/python -m tests.recordings.redacted_texts

wheel: $(READY)
	$(BIN)/python -m hatchling build

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
