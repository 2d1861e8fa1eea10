# govmedia-kit: `make bulletin` sets up and makes the bulletin, `make test` sets up and runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Two processes share the tests; PYTEST="-x tests/test_cli.py" runs others.
PYTEST ?= -q -n 2 --dist worksteal

# The checkout itself is what runs. It is not installed as editable: Python before 3.13 reads an editable install's path by
# the locale, so that a folder with Chinese in its name would not start where the locale is not UTF-8.
export PYTHONPATH := $(CURDIR)

.PHONY: setup bulletin test lint format bench lab resolve lowest package wheelhouse clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet -c constraints.txt ".[test]"
	touch $(STAMP)

bulletin: setup
	$(BIN)/python -m govmedia_kit bulletin data/gansu-2019 --out out/gansu-2019

test: setup
	$(BIN)/python -m pytest $(PYTEST)

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
	$(PIP) install --quiet -c constraints.txt ".[bench]"
	for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

lab: setup
	$(BIN)/jupyter lab --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate notebooks

# When pins change: constraints.txt must resolve, from wheels alone, on every Python and platform that is promised: the package
# everywhere, its tests on Linux, Windows and Apple silicon (PySpark is a source archive everywhere). Nothing is installed but uv.
RESOLVE = MACOSX_DEPLOYMENT_TARGET=14.0 $(BIN)/uv pip compile --quiet -c constraints.txt --only-binary :all: --no-binary pyspark -o /dev/null
resolve: setup
	$(PIP) install --quiet uv
	for python in 3.11.0 3.12.0 3.13.0 3.14.0; do \
	  for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 x86_64-pc-windows-msvc aarch64-apple-darwin; do \
	    echo "$$python $$platform"; \
	    $(RESOLVE) --python-version $$python --python-platform $$platform --extra test --extra bench pyproject.toml || exit 1; \
	  done; \
	  echo "$$python x86_64-apple-darwin"; \
	  $(RESOLVE) --python-version $$python --python-platform x86_64-apple-darwin pyproject.toml || exit 1; \
	done

# The oldest versions that pyproject.toml allows, in an environment of their own; their deprecations are not ours to mend.
lowest: setup
	$(PIP) install --quiet uv
	$(BIN)/uv venv --quiet --clear build/lowest
	$(BIN)/uv pip install --quiet --python build/lowest/bin/python --resolution lowest-direct ".[test]"
	build/lowest/bin/python -m pytest $(PYTEST) -W default

# The wheel and the source archive; the wheel must make the bulletin that the checkout makes, far from the checkout.
package: setup
	rm -rf dist build/wheel
	$(BIN)/python -m build --outdir dist .
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip --disable-pip-version-check install --quiet -c constraints.txt dist/*.whl
	$(BIN)/python -m govmedia_kit bulletin data/gansu-2019 --out build/from-checkout --format html
	cd build && env -u PYTHONPATH wheel/bin/govmedia bulletin ../data/gansu-2019 --out from-wheel --format html
	cmp build/from-checkout/figures.json build/from-wheel/figures.json
	cmp build/from-checkout/bulletin.html build/from-wheel/bulletin.html

# All wheels for a machine without a network: pip install --no-index --find-links wheelhouse govmedia-kit
wheelhouse: setup
	$(PIP) wheel --quiet -c constraints.txt -w wheelhouse .

clean:
	rm -rf $(VENV) out wheelhouse dist build
