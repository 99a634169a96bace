# Everything a person or CI does with this project. `make check` is exactly what CI runs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Some machines and images turn this on, and then each process that a test starts compiles the whole bot anew.
export PYTHONDONTWRITEBYTECODE :=

# uv writes the command into the lock, and Renovate repeats it: it reads only options with equals signs.
pin = $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version=3.11 $(2) \
	--output-file=$(1) pyproject.toml
install = $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(1)

.PHONY: help demo run doctor test check format lint types bench crash mutants truth docs screens browser lock image clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## see the whole bot work, without token, key or network
	$(BIN)/python -m bot demo

run: $(VENV)/.demo ## start the bot on Discord (needs .env)
	$(BIN)/python -m bot run

doctor: $(VENV)/.demo ## look at everything that the bot needs, and say what mends what is ill
	@$(BIN)/python -m bot doctor

test: browser $(VENV)/.dev ## all of them, on every core
	$(BIN)/python -m pytest -n auto --dist worksteal

check: format lint types test ## exactly what CI runs

format: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

bench: $(VENV)/.dev ## measure against baselines, in the same run
	$(BIN)/python -m tests.bench

crash: $(VENV)/.dev ## pull the plug 200 times while jobs of every provider are under way
	$(BIN)/python -m pytest -m thorough tests/crash
	$(BIN)/python -m tests.crash.campaign
	$(BIN)/python -m tests.several.campaign
	$(BIN)/python -m tests.several.campaign --rolling 5

mutants: $(VENV)/.dev ## change what decides about money in small ways, and see that tests notice
	$(BIN)/python -m tests.mutants

truth: $(VENV)/.dev ## hold what is said of every ending against the providers' books
	$(BIN)/python -m pytest -n auto -m thorough tests/truth

docs: $(VENV)/.dev ## write what is generated of the documentation anew
	$(BIN)/python -m tests.docs

screens: $(VENV)/.dev browser ## take the README's pictures anew
	SCREENS_DIR=.github $(BIN)/python -m pytest tests/sandbox/test_page.py

# The tests look at the demo's page in a real browser. Where Debian's packages are at hand, it is installed.
browser:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
	  echo "The tests need a browser. Install Chromium or Google Chrome, such as with: sudo apt-get install chromium" >&2; exit 1; \
	fi

lock: $(VENV)/.dev ## pin every dependency again, newest allowed
	$(BIN)/pip install --quiet uv
	$(call pin,requirements.lock,--extra=postgres --extra=s3)
	$(call pin,requirements-demo.lock,--extra=postgres --extra=s3 --extra=demo --constraint=requirements.lock)
	$(call pin,requirements-dev.lock,--all-extras --constraint=requirements-demo.lock)

image: ## build the container images, and look at what is in them
	docker build --tag mouthpiece .
	.ci/image mouthpiece 250
	docker build --target sandbox --tag mouthpiece:sandbox .
	.ci/image mouthpiece:sandbox 350

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache mutants

$(VENV)/.demo: requirements-demo.lock
	$(PYTHON) -m venv $(VENV)
	$(call install,requirements-demo.lock)
	touch $@

$(VENV)/.dev: requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(call install,requirements-dev.lock)
	touch $@ $(VENV)/.demo
