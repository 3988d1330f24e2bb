# make setup: an environment with all that the tests need, and the C core built
# make demo: the leaky shop with traffic, and an address to click
# make test: everything that a change must pass
# make coverage: the same, and which lines of the product it runs
# make test-core: what rests on CPython's internals, on other Pythons
# make test-apps: released applications from PyPI, served, driven and made to leak
# make test-all: the slow matrix, and everything on every Python

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
DEMO_STAMP = $(VENV)/.installed-demo
C_FILES = $(shell find flask_heapview examples -name '*.[ch]')
PYTHONS ?= 3.12 3.13 3.14 3.15
CORE_PYTHONS ?= 3.13 3.14 3.15
CORE_TESTS = tests/core tests/graphs tests/capture tests/allocations tests/process tests/attach
# a file's tests stay together: they share servers and browsers
SIDE_BY_SIDE = -p no:cacheprovider -n auto --maxprocesses 4 --dist loadfile

SOURCES = setup.cfg pyproject.toml setup.py $(wildcard flask_heapview/*/csrc/* flask_heapview/*/csrc/*/*)

.PHONY: setup demo test coverage test-core test-apps test-all lint prose reference format bench sanitize clean

# the demo needs no test tools; what the tests installed serves it, too
$(DEMO_STAMP): EXTRAS = demo
$(STAMP): EXTRAS = test,demo
$(STAMP) $(DEMO_STAMP): $(SOURCES)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[$(EXTRAS)]'
	touch $@ $(DEMO_STAMP)

setup: $(STAMP)

demo: $(DEMO_STAMP)
	$(BIN)/python examples/demo.py

test: $(STAMP)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# measuring makes what walks heaps in Python several times slower
coverage: $(STAMP)
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest --cov --cov-report= $(SIDE_BY_SIDE)
	$(BIN)/python -m coverage combine --quiet --append || true
	$(BIN)/python -m coverage report --fail-under=90

test-all: coverage
	HEAPVIEW_SLOW=1 $(BIN)/python -m pytest -p no:cacheprovider -m slow
	@for version in $(PYTHONS); do tools/other_python.sh $$version || exit 1; done

test-core:
	@for version in $(CORE_PYTHONS); do tools/other_python.sh $$version $(CORE_TESTS) || exit 1; done

# PYTHON is that of the applications, too; each has an environment in ~/.cache/flask-heapview/apps
test-apps: $(STAMP)
	HEAPVIEW_APPS=1 HEAPVIEW_APPS_PYTHON=$(PYTHON) $(BIN)/python -m pytest -p no:cacheprovider tests/apps

.PHONY: run
run: $(STAMP)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(TESTS)

lint: $(STAMP)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m mypy tools examples/demo.py
	$(BIN)/python -m mypy setup.py
	$(BIN)/clang-format --dry-run --Werror $(C_FILES)
	$(BIN)/python tools/prose.py

# how long the sentences are that users read; with --list, those over 25 words
prose: $(STAMP)
	$(BIN)/python tools/prose.py --list

# the reference pages in docs/, from the code
reference: $(STAMP)
	$(BIN)/python -m tools.reference

format: $(STAMP)
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .
	$(BIN)/clang-format -i $(C_FILES)

# the native parts with AddressSanitizer and UndefinedBehaviorSanitizer, in a copy of the tree
SANITIZED = build/sanitized
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g
PRELOADED = $(shell $${CC:-gcc} -print-file-name=libasan.so):$(shell $${CC:-gcc} -print-file-name=libubsan.so)
sanitize: $(STAMP)
	rm -rf $(SANITIZED) && mkdir -p $(SANITIZED)
	cp -r flask_heapview templates tests examples docs setup.py setup.cfg pyproject.toml README.md LICENSE $(SANITIZED)
	find $(SANITIZED) -name '*.so' -delete
	cd $(SANITIZED) && HEAPVIEW_REQUIRE_CORE=1 CFLAGS="$(SANITIZERS)" $(abspath $(BIN))/python setup.py --quiet build_ext --inplace
	cd $(SANITIZED) && LD_PRELOAD=$(PRELOADED) ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_abort=0 \
	  $(abspath $(BIN))/python -m pytest -p no:cacheprovider \
	  tests/core tests/graphs tests/capture/test_engines.py \
	  tests/allocations tests/process/test_level_history.py

bench: $(STAMP)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.allocations
	$(BIN)/python -m benchmarks.instructions
	$(BIN)/python -m benchmarks.mounting
	$(BIN)/python -m benchmarks.native_sampling
	$(BIN)/python -m benchmarks.reports_under_load
	$(BIN)/python -m benchmarks.large_reports
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.captures_under_load

clean:
	rm -rf .venv* build dist *.egg-info .coverage* .mypy_cache .ruff_cache
