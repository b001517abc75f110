# Two commands matter: `make demo` and `make test`. Everything else is for people who work on the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
DOCS_STAMP := $(VENV)/.installed-docs
BROWSER_STAMP := $(VENV)/.installed-browser
SECONDS ?=
SITE_HOURS ?= 20
SEED ?= 1
BUILD := build
# Tests of whole systems wait half of their time.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')

.PHONY: demo test sim bench bench-fairness bench-allocation bench-messages bench-fleet exhaustive fuzz mutants browser screenshots lint format types install clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/csms demo $(if $(SECONDS),--seconds $(SECONDS))

test: lint types
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# The dashboard in a real browser: Debian's chromium, which is installed with `apt-get install chromium`.
browser: $(BROWSER_STAMP)
	$(BIN)/pytest -s tests/browser

# Pictures of the dashboard in both themes, and of the demo, for the documentation.
screenshots: $(BROWSER_STAMP)
	PYTHONPATH=tests/lib $(BIN)/python tests/browser/screenshots.py docs/images
	$(BIN)/csms demo --seconds 30 --screenshot docs/demo.svg

# Hours of whole car parks with every fault we know, on virtual time: does the ceiling hold? A seed replays exactly.
sim: $(BENCH_STAMP)
	@mkdir -p $(BUILD)
	$(BIN)/python tests/simulation --site-hours $(SITE_HOURS) --seed $(SEED) --chart $(BUILD)/simulation.svg

bench: bench-allocation bench-fairness bench-messages bench-fleet

bench-allocation: $(BENCH_STAMP)
	@mkdir -p $(BUILD)
	$(BIN)/python -m benchmarks.allocation --chart $(BUILD)/allocation.svg

# What a message costs, beside an echo, a plain server, and one on Node.
bench-messages: $(BENCH_STAMP)
	$(BIN)/python -m benchmarks.messages --json $(BUILD)/messages.json --chart $(BUILD)/messages.svg

# What a fleet costs besides: limits to all of it, arrival and memory, the API, growth, reaction, a storm, TLS.
bench-fleet: $(BENCH_STAMP)
	$(BIN)/python -m benchmarks.fleet --json $(BUILD)/fleet.json

# Real charging sessions (CSV as in the reference): make bench-fairness SESSIONS=path
bench-fairness: $(BENCH_STAMP)
	@mkdir -p $(BUILD)
	$(BIN)/python -m benchmarks.fairness --chart $(BUILD)/fairness.svg $(if $(SESSIONS),--sessions $(SESSIONS))

# Every reachable state of a small world.
exhaustive: $(STAMP)
	$(BIN)/python tests/exhaustive/every_state.py

# Whatever a charger may send: `make fuzz SECONDS=600`, half of it from the schemas, half guided by the code's coverage;
# `make fuzz FRAMES=10000000` for so many from the schemas, then a minute.
fuzz: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,fuzz]'
	$(BIN)/python tests/fuzz/any_frame.py --seed $(SEED) $(if $(FRAMES),--frames $(FRAMES),--seconds $(or $(SECONDS),60))
	$(BIN)/python tests/fuzz/coverage.py -max_total_time=$(or $(SECONDS),60)

# Break each rule of the balancer in turn: the tests and the simulation must each notice.
mutants: $(STAMP)
	$(BIN)/python tests/mutants/every_mutant.py

# The documentation as a site, in build/docs: a broken link or anchor, or a page that is in no menu, fails.
docs: $(DOCS_STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "build/docs/index.html"

$(DOCS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	@touch $(DOCS_STAMP)

$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@touch $(BENCH_STAMP)

$(BROWSER_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,browser]'
	@touch $(BROWSER_STAMP)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
