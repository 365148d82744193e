# The one way to install, run and check opendata. `make help` lists the targets.
# Works from any folder (make -C PATH), since every path is relative to this file's.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:

PORT ?= 8000

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
COMPILED := $(VENV)/.compiled
NATIVE := opendata/_native.abi3.so
# What can't be compiled (olefile2), or is imported seldom or never.
UNCOMPILED := olefile2|/pyasn1_modules/|/authlib/|/pygments/(lexers|styles)/|/redis/asyncio/|/openpyxl/|/aiohttp/|/tests/|/fontTools/|/mypyc?/|/pip/|/setuptools/|/scipy/|/networkx/|/mlcroissant/|/rdflib/|/pandas-stubs/
BROWSER := $(VENV)/browser/.installed
CLIENTS := tests/clients/browser
FOREIGN := $(VENV)/foreign/.installed
SCRIPTS := clients/mirror/node_modules/.installed
RATIOS := $(VENV)/ratios.jsonl

# Some environments forbid Python to keep bytecode; every process would then compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

# One process a core, but at most as many as the servers of the tests can take. The tests of a file share a process.
PARALLEL := -n logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder
QUICK := not slow

# A fixed seed under CI; elsewhere a new one each time, printed, so that a finding can be repeated.
ifdef CI
SEED ?= 0
else
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
endif
THOROUGH := --all-databases --hypothesis-profile=thorough --hypothesis-seed=$(SEED)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: $(RUNTIME) $(NATIVE) ## publish the samples and serve them on http://127.0.0.1:8000 (PORT= for another)
	@$(compile_later) exec $(BIN)/opendata demo --port $(PORT)

.PHONY: install
install: $(RUNTIME) $(NATIVE) $(SCRIPTS) ## install into .venv what running takes
	@$(compile)

.PHONY: test
test: $(DEV) $(NATIVE) $(BROWSER) $(SCRIPTS) ## run the tests, except the slow ones (4 minutes on two cores)
	@$(compile)
	$(BIN)/pytest $(PARALLEL) -m "$(QUICK)" --durations=10

.PHONY: test-part
test-part: $(DEV) $(NATIVE) $(BROWSER) $(SCRIPTS) $(FOREIGN) ## run one part of the slow tests: PART=0/6 to PART=5/6
	@$(compile)
	$(BIN)/pytest $(PARALLEL) -m "slow" --part $(PART) $(THOROUGH) --durations=10

.PHONY: test-all
test-all: $(DEV) $(NATIVE) $(BROWSER) $(SCRIPTS) $(FOREIGN) ## run all tests on all databases, the property tests from a new seed (30 minutes)
	@$(compile)
	$(BIN)/pytest $(PARALLEL) $(THOROUGH) --durations=20

.PHONY: soak
soak: $(DEV) $(NATIVE) $(BROWSER) ## run what has no limit of time: every hand-made fault, 200,000 hostile inputs, dying machines
	@$(compile)
	OPENDATA_CHAOS_STORE=ceph $(BIN)/python -m tests.nodes.chaos
	OPENDATA_CHAOS_QUEUE=postgresql OPENDATA_CHAOS_SEED=2 $(BIN)/python -m tests.nodes.chaos
	$(MAKE) --no-print-directory test-spark
	$(BIN)/python -m tests.mutations.run
	OPENDATA_NATIVE=0 $(BIN)/pytest $(PARALLEL) -m "$(QUICK)"
	$(BIN)/python -m tests.fuzz.readers --inputs 100000
	$(BIN)/python -m tests.fuzz.native --inputs 1000000
	$(BIN)/python -m bench.instructions
	$(BIN)/python -m tests.fuzz.uploads --inputs 2000
	$(BIN)/python -m tests.fuzz.answers --examples 30000
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group soak && \
	    $(BIN)/python -m tests.fuzz.readers --guided --inputs 100000

.PHONY: test-spark
test-spark: $(VENV)/spark/.installed ## run a cluster of Spark, and hold its reports against those of one machine
	$(VENV)/spark/bin/python -m pytest -q tests/spark

.PHONY: coverage
coverage: $(DEV) $(BROWSER) ## show which lines and branches `make test` reaches, then `make test-all`
	@$(compile)
	$(BIN)/pytest $(PARALLEL) -m "$(QUICK)" --cov --cov-report=term
	$(BIN)/pytest $(PARALLEL) $(THOROUGH) --cov --cov-append --cov-report=term

.PHONY: check
check: $(DEV) ## format, lint, types, layers: all that needs no run
	@$(compile)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/uv pip check --quiet --python $(BIN)/python

.PHONY: format
format: $(DEV) ## put every file in the house's form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(DEV) $(NATIVE) ## run the benchmarks one after the other; their ratios become docs/performance.md
	@set -e; rm -f $(RATIOS); for benchmark in bench/[!_]*.py; do \
	    echo "== $$benchmark"; OPENDATA_RATIOS=$(RATIOS) $(BIN)/python -m "bench.$$(basename "$$benchmark" .py)"; \
	done; $(BIN)/python -m bench._ratios $(RATIOS)

.PHONY: guide
guide: $(DEV) ## make the pictures of the clerk's guide again, from the pages as they are now
	$(BIN)/python tools/make_guide.py

.PHONY: translations
translations: $(DEV) ## collect the texts to translate into every catalogue, and compile them
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --sort-output -o messages.pot .
	$(BIN)/pybabel -q update -N -i messages.pot -d opendata/wording/translations --omit-header --ignore-obsolete
	$(BIN)/pybabel -q compile -f -d opendata/wording/translations
	@rm -f messages.pot

.PHONY: lock
lock: $(BIN)/uv ## choose the newest versions that pyproject.toml allows and write both lock files
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group dev --constraints requirements.lock --output-file requirements-dev.lock
	$(COMPILE) --extra spark --constraints requirements-dev.lock --output-file requirements-spark.lock
	$(COMPILE_ALONE) --group foreign --output-file requirements-foreign.lock

COMPILE_ALONE = $(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 \
    --upgrade --quiet --no-emit-index-url --no-annotate --custom-compile-command "make lock"
COMPILE = $(COMPILE_ALONE) pyproject.toml --extra otel --extra postgres --extra redis --extra s3 --extra sftp --group build

.PHONY: clean
clean: ## remove .venv, caches and reports; the instance under var/ stays
	rm -rf $(VENV) .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -f opendata/_native.abi3.so
	find opendata clients tests bench migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# ---------------------------------------------------------------------------------------------- installation
# A stamp is newer than the lock it was made from, so an unchanged checkout installs nothing. The lock of the
# developers holds every version of the other one: whoever has it need not go back to the smaller one.

$(RUNTIME): requirements.lock pyproject.toml $(BIN)/uv
	@if [ -e $(DEV) ]; then lock=requirements-dev.lock; else lock=requirements.lock; fi; \
	    $(call sync,$$lock); touch $@

$(DEV): requirements-dev.lock pyproject.toml $(BIN)/uv
	@$(call sync,requirements-dev.lock)
	@touch $@ $(RUNTIME)

# Spark takes half a gigabyte, so it has an environment of its own.
$(VENV)/spark/.installed: requirements-dev.lock requirements-spark.lock $(BIN)/uv
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(@D)
	@$(BIN)/uv pip install --quiet --require-hashes --python $(@D)/bin/python \
	    --requirements requirements-dev.lock --requirements requirements-spark.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(@D)/bin/python --editable .
	@touch $@

# Programs of others, each as its makers ship it. Their tests are skipped where they can't be fetched.
$(FOREIGN): requirements-foreign.lock $(BIN)/uv
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(@D)
	@if $(BIN)/uv pip sync --quiet --require-hashes --python $(@D)/bin/python $<; then touch $@; \
	else echo "The programs of others can't be fetched: their tests will be skipped"; fi

# What the tests run inside a browser: clients that send files, and axe. Where it can't be fetched, their tests are skipped.
$(BROWSER): $(CLIENTS)/package-lock.json $(CLIENTS)/package.json $(BIN)/python
	@rm -rf $(@D); cp -R $(CLIENTS) $(@D); \
	if npm ci --silent --prefer-offline --prefix $(@D); then touch $@; \
	else echo "npm can't fetch the clients for a browser: their tests will be skipped"; fi

# What reads Parquet in the pages of a mirror. Where it can't be fetched, those pages have their first rows only.
$(SCRIPTS): clients/mirror/package-lock.json clients/mirror/package.json
	@if npm ci --silent --prefer-offline --prefix clients/mirror; then touch $@; \
	else echo "npm can't fetch what reads Parquet in the pages of a mirror: they will have their first rows only"; fi

# The compiled pass over the bytes of tables, where there is a compiler.
$(NATIVE): $(wildcard native/*) tools/build_native.py $(BIN)/python
	@$(BIN)/python tools/build_native.py

# Bytecode of all that is installed and of the package, so that no process compiles what it imports. olefile ships a
# module for Python 2, which never compiles.
define compile
[ $(COMPILED) -nt $(RUNTIME) ] || $(compile_installed); \
$(BIN)/python -m compileall -q opendata migrations
endef

define compile_installed
{ $(BIN)/python -m compileall -q -j 0 -x '$(UNCOMPILED)' $(VENV)/lib && touch $(COMPILED); }
endef

# `make run` compiles what it imports as it starts; all else is compiled beside it, when nothing else wants the machine.
define compile_later
[ $(COMPILED) -nt $(RUNTIME) ] || { nice -n 19 $(BIN)/python -m compileall -q -x '$(UNCOMPILED)' $(VENV)/lib >/dev/null 2>&1 && touch $(COMPILED); } &
endef

# uv takes a fifth of pip's time, but does not read pip's configuration: so a mirror that is set
# there is passed on. Where uv can't reach the packages although pip can (behind a proxy), pip installs them.
define sync
set -e; echo "Installing $(1) into $(VENV)"; \
index=$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true); \
index=$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$index}}; \
[ -z "$$index" ] || export UV_DEFAULT_INDEX="$$index"; \
$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes $(1) \
    || { echo "uv can't reach the packages. pip installs them instead, which takes longer" >&2; \
    $(BIN)/python -m pip install -qq --require-hashes --requirement $(1); }; \
$(BIN)/uv pip install --quiet --offline --python $(BIN)/python --no-deps --no-build-isolation --editable .
endef

$(BIN)/uv: $(BIN)/python
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.lock
	@touch $@

# Programs in a virtual environment know it by its full path: one that was moved with its folder is made anew.
ifneq ($(shell cat $(VENV)/.home 2>/dev/null),$(CURDIR))
.PHONY: $(BIN)/python
endif

$(BIN)/python:
	@$(find_python); \
	rm -rf $(VENV); "$$python" -m venv $(VENV); pwd > $(VENV)/.home

define find_python
set -e; python=; \
for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
        python=$$candidate; break; \
    fi; \
done; \
if command -v apt-get >/dev/null; then get="apt-get install -y"; \
elif command -v dnf >/dev/null; then get="dnf install -y"; \
elif command -v brew >/dev/null; then get="brew install"; \
else get="the package manager of this system: install"; fi; \
if [ "$$(id -u)" != 0 ] && [ "$$get" != "brew install" ]; then get="sudo $$get"; fi; \
if [ -z "$$python" ]; then \
    echo "opendata needs Python 3.11 or newer; found: $$(python3 --version 2>/dev/null || echo none)." >&2; \
    case "$$get" in *apt-get*) echo "This helps: $$get python3 python3-venv" >&2;; \
        *brew*) echo "This helps: $$get python" >&2;; *) echo "This helps: $$get python3.11" >&2;; esac; exit 1; \
fi; \
if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
    version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
    echo "$$python (Python $$version) can't make virtual environments." >&2; \
    echo "This helps: $$get python$$version-venv" >&2; exit 1; \
fi
endef
