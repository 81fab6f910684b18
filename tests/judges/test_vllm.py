"""vLLM's engine in this process, where an environment with it is at hand (``make vllm``)."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from pairjudge_lab import ModelOptions, UserError, load_judge
from pairjudge_lab.engines.vllm_engine import stepped
from tests.judges import vllm_engine
from tests.judges.safetensors_folder import write_folder

ROOT = Path(__file__).parent.parent.parent
PYTHON = Path(os.environ.get("PAIRJUDGE_VLLM_PYTHON", ROOT / "build" / "vllm" / "bin" / "python"))


def test_without_vllm_the_error_says_what_to_install():
    with pytest.raises(UserError, match=r"pip install 'pairjudge-lab\[vllm\]'"):
        load_judge("vllm:tiny")


class EngineDeadError(Exception):
    """Named as vLLM's own, which is not installed here."""


class DeadEngine:
    def step(self):
        raise EngineDeadError


def test_an_engine_that_ends_is_one_line_that_says_what_to_do():
    with pytest.raises(UserError, match="engine for small has ended"):
        stepped("small", DeadEngine())


@pytest.fixture(scope="module")
def chat_model(tmp_path_factory):
    """SmolLM2 as a folder of safetensors, its window cut so that an answer stays short."""
    found = list((ROOT / "build" / "smollm2").rglob("*.gguf"))
    if not found:
        pytest.skip("SmolLM2 is not here; 'make smollm2' fetches it")
    folder = tmp_path_factory.mktemp("smollm2")
    return write_folder(found[0], folder, max_position_embeddings=1024)


def common_beginning(one, other):
    return one[
        : next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not PYTHON.exists(), reason="no environment with vLLM; 'make vllm' makes one")
def test_it_writes_what_transformers_writes(chat_model):
    """A real chat model, greedily: the same texts but where other sums turn a near tie.

    The small judge's heads have 36 numbers, which vLLM's attention on a processor does not take.
    """
    done = subprocess.run(
        [PYTHON, ROOT / "tests" / "judges" / "vllm_engine.py", chat_model],
        capture_output=True, text=True, timeout=800, cwd="/",
        env={**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"},
    )  # fmt: skip
    line = next((li for li in done.stdout.splitlines() if li.startswith("VERDICTS ")), None)
    assert line, done.stderr[-2000:]
    told = json.loads(line.removeprefix("VERDICTS "))
    assert told["identity"]["engine"]["engine"] == "vllm"
    ours = load_judge(str(chat_model), ModelOptions(dtype="float32"))
    verdicts = ours.judge(vllm_engine.matches())
    assert len(verdicts) == len(told["verdicts"]) == vllm_engine.COUNT
    same = 0
    for mine, theirs in zip(verdicts, told["verdicts"], strict=True):
        assert (mine.a_correct, mine.b_correct) == (theirs["a_correct"], theirs["b_correct"])
        alike = common_beginning(mine.text, theirs["text"])
        assert len(alike) > 20, "the same prompt, and the same first words"
        same += mine.text == theirs["text"]
    assert sum(v["cached_tokens"] for v in told["verdicts"]) > 0, "beginnings are read once"
    begun = load_judge(str(chat_model), ModelOptions(dtype="float32", fast=True))
    for mine, theirs in zip(begun.judge(vllm_engine.matches()[:4]), told["begun"], strict=True):
        assert mine.a_probability == pytest.approx(theirs["a_probability"], abs=2e-3)
        assert mine.b_probability == pytest.approx(theirs["b_probability"], abs=2e-3)
        assert mine.text == theirs["text"]
    print(f"{same} of {len(verdicts)} texts are the same to the last letter")
    assert same >= 0.75 * len(verdicts)
