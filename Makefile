# Everything starts here: `make run` shows Khabar at work, `make test` proves it.
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { command -v $$p; break; }; done)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test services secrets lint types docs quality bench soak clean

help: ## list these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/ready ## make .venv with khabar and all that its tests need

.venv/ready: requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "khabar needs Python 3.11, 3.12 or 3.13 on PATH; none was found" >&2; exit 2; }
	@echo "setting up .venv with $(PYTHON)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## set up, then watch Khabar crawl, tag, search and digest its demo site
	@$(BIN)/khabar demo

# Three at a time: much of the time goes into servers that start and into waiting. tests/conftest.py says who goes with whom.
# Compiled first: hundreds of processes come and go, and an environment may forbid them to write down what they compile.
test: setup ## set up, then every test that this machine can run
	@$(BIN)/python -m compileall -q crawler khabar search workers
	@$(BIN)/python -m pytest -q -n 3 --dist loadgroup --no-loadscope-reorder

services: setup ## fetch what the tests with real servers need
	@$(BIN)/python tests/services/fetch.py

# Only their owner can enter the folder; inside the containers, whose users are others, each file can be read.
secrets: ## make the files under ./secrets that docker-compose.yml reads, passwords in them; none is ever changed
	@mkdir -p secrets && chmod 0700 secrets
	@for name in redis_password elasticsearch_password; do \
		test -s secrets/$$name || od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n' > secrets/$$name; done
	@touch secrets/s3_key_id secrets/s3_secret_key && chmod 0644 secrets/*

lint: setup ## style, import layers and formatting
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: setup ## strict type check of the four packages
	@$(BIN)/basedpyright

docs: setup ## write the generated pages of docs/ again
	@$(BIN)/python docs/generate.py

quality: setup ## scores on ../shared/data beside their peers'
	@$(BIN)/python -m pytest -q -s tests/quality --whole

bench: setup ## the side-by-side measurements that README quotes
	@for b in benchmarks/*.py benchmarks/search; do $(BIN)/python $$b || exit 1; done

SEED ?= 20261124
soak: setup ## the long forms of the crash and differential tests (SEED=… draws other queries); record: docs/soak.md
	@$(BIN)/python -m pytest -q -m soak --timeout 7200 --hypothesis-seed $(SEED)

clean: ## remove .venv and caches
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis
