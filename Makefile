# govmedia-kit: one command sets up and makes the bulletin, one sets up and runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup bulletin test lint format bench lab wheelhouse clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $(STAMP)

bulletin: setup
	$(BIN)/govmedia bulletin data/gansu-2019 --out out/gansu-2019

test: setup
	$(BIN)/python -m pytest -q

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/nbstripout --verify notebooks/*.ipynb

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout notebooks/*.ipynb

# With the tools that the look-alike names are measured against.
bench: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

lab: setup
	$(BIN)/jupyter lab --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate notebooks

# All wheels for a machine without a network: pip install --no-index --find-links wheelhouse govmedia-kit
wheelhouse: setup
	$(BIN)/python -m pip wheel --quiet -c constraints.txt -w wheelhouse .

clean:
	rm -rf $(VENV) out wheelhouse dist
