# Gatehouse from a fresh clone: `make demo` shows it, `make test` proves it, `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
PY := .venv/bin/python
UV := $(shell command -v uv 2>/dev/null)
PROCESSES ?= 2

# On Linux the demo ends with make, even if make is killed.
TIED := $(shell setpriv --pdeathsig TERM true 2>/dev/null && echo setpriv --pdeathsig TERM)

.PHONY: help demo test test-pg15 lint types bench screenshots messages lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/base.stamp ## the whole product with sandbox upstreams and sample data on http://127.0.0.1:8000
	@exec $(TIED) $(PY) manage.py demo $(ARGS)

test: .venv/dev.stamp ## the whole suite, on a PostgreSQL of its own
	$(PY) -m pytest -n $(PROCESSES) $(ARGS)

test-pg15: export POSTGRES_BIN ?= /usr/lib/postgresql/15/bin
test-pg15: test ## the suite on a system PostgreSQL 15 (POSTGRES_BIN names another folder)

lint: .venv/dev.stamp types ## format, rules, layers and types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports --no-cache

types: .venv/dev.stamp
	.venv/bin/mypy .

bench: .venv/dev.stamp ## measurements; NAME=... runs one of them
	$(PY) -m bench $(NAME)

screenshots: .venv/dev.stamp ## a picture of every page in var/screenshots, those of the manuals in docs/images
	$(PY) -m tests.screenshots

messages: .venv/dev.stamp ## locale/ with the texts that were marked or changed since, to be translated
	$(PY) -m tests.codebase.wording

lock: ## new requirements/*.txt out of pyproject.toml (needs uv)
	$(LOCK) -o requirements/base.txt
	$(LOCK) --group dev --all-extras -c requirements/base.txt -o requirements/dev.txt

# Hashes pin what is installed; no address of an index is written down.
LOCK = uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate --quiet

clean: ## removes .venv, caches and the demo's data in var/
	rm -rf .venv var staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
ifdef UV
	uv venv --quiet --python "$$(command -v $(PYTHON))" .venv
else
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "python3 -m venv failed: install python3-venv (Debian) or uv" >&2; exit 1; }
endif

.venv/%.stamp: requirements/%.txt | .venv/bin/python
ifdef UV
	uv pip install --quiet --python $(PY) --require-hashes -r $<
else
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
endif
	@touch $@
