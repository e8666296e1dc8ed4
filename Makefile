# KRAScope. Needs Python 3.11 to 3.13, git and make; everything else is installed into .venv the first time.
#
#   make run          serve on http://localhost:8501 (make run PORT=9000; HOST=0.0.0.0 to be reached from outside)
#   make test         all tests, those in a real browser last
#   make check        style, types, one-way imports
#   make bench        the kernel, markers and subgroups beside R and lifelines
#   make bench-app    toggle to redrawn curve, and fifty sessions, beside the same page written the usual way;
#                     a million patients
#   make dev          serve with reload and error details
#   make pins         show that every pin has a binary for each Python
#   make clean        remove what was installed
#
# Another Python: make clean, then make run PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8501

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --only-binary=:all:
export PORT HOST
export PYTHONPATH := $(CURDIR)

.PHONY: help run dev test check bench bench-app pins clean

help:
	@sed -n 's/^#   //p' Makefile

run: $(VENV)/.run
	@exec $(BIN)/python asgi.py

dev: $(VENV)/.run
	@exec $(BIN)/streamlit run app.py --server.port $(PORT) --server.address $(HOST) --server.runOnSave true \
		--server.fileWatcherType auto --client.showErrorDetails full

# Two runs: what needs a browser comes after the rest, each process with a server and a browser of its own.
test: $(VENV)/.dev
	@$(BIN)/python tools/chromium.py --install
	@status=0; \
	$(BIN)/python -m pytest -m "not browser" --numprocesses 2 || status=1; \
	$(BIN)/python -m pytest -m browser --numprocesses 2 --dist worksteal || status=1; \
	exit $$status

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo --no-cache

bench: $(VENV)/.dev
	@$(BIN)/python benchmarks/kernel.py
	@$(BIN)/python benchmarks/safety.py
	@$(BIN)/python benchmarks/markers.py
	@$(BIN)/python benchmarks/bounds.py

bench-app: $(VENV)/.dev
	@$(BIN)/python tools/chromium.py --install
	@$(BIN)/python benchmarks/toggle.py
	@$(BIN)/python benchmarks/sessions.py
	@$(BIN)/python benchmarks/million.py

pins: $(VENV)/.dev
	@$(BIN)/python tools/check_pins.py

clean:
	rm -rf $(VENV)

# The stamps say what is installed; they are older than a requirements file that has changed since.

$(VENV)/.run: requirements.txt $(wildcard tools/ecos_stub/*) | $(BIN)/python
	@echo "Installing what KRAScope needs (once; a minute or two) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(BIN)/python
	@echo "Installing what tests and checks need (once; a minute or two) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $(VENV)/.run $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here: install Python 3.11, 3.12 or 3.13."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "KRAScope needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
			"Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) lacks its venv module. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
