"""The doctor's figures against the real peak of a process that judges."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pairjudge_lab.cli import main
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.judges.doctor import diagnose, model_of
from pairjudge_lab.records import UserError

ROOT = Path(__file__).parent.parent.parent

RUN = """
import json, re, sys
from pairjudge_lab import load_judge, load_pools
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.engines.options import ModelOptions
spec, rows = sys.argv[1], int(sys.argv[2])
judge = load_judge(spec, ModelOptions(batch_size=rows))
matches = [m for p in load_pools(limit=20) for m in all_ordered_pairs(p.first(5))][: 4 * rows]
verdicts = judge.judge(matches)
# getrusage would count what the parent held before this program took its place.
high = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(json.dumps({
    "peak": int(high[1]) * 1024,
    "prompt": max(v.prompt_tokens for v in verdicts),
    "answer": max(v.completion_tokens for v in verdicts),
}))
"""


def agree(spec, rows):
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a process is read from /proc")
    done = subprocess.run(
        [sys.executable, "-c", RUN, spec, str(rows)], capture_output=True, text=True, check=True
    )
    real = json.loads(done.stdout.splitlines()[-1])
    told = subprocess.run(
        [sys.executable, "-m", "pairjudge_lab", "doctor", spec, "--json", "--batch-size", str(rows),
         "--prompt-tokens", str(real["prompt"]), "--answer-tokens", str(real["answer"])],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(told.stdout)["peak"] / real["peak"]


@pytest.mark.slow
@pytest.mark.parametrize("rows", [16, 64])
def test_it_agrees_with_the_small_judges_peak(rows):
    assert 0.85 <= agree("tiny", rows) <= 1.15


@pytest.mark.slow
def test_it_agrees_with_the_peak_of_a_real_chat_model():
    files = sorted((ROOT / "build" / "smollm2").rglob("*.gguf"))
    if not files:
        pytest.skip("no GGUF file in build/smollm2; 'make smollm2' fetches it")
    assert 0.85 <= agree(str(files[0]), 4) <= 1.15


def test_it_says_what_would_fit(monkeypatch):
    monkeypatch.setattr("pairjudge_lab.judges.doctor.free_memory", lambda device: 1.5e9)
    monkeypatch.setattr("pairjudge_lab.judges.doctor._libraries", lambda: 0.5e9)
    found = diagnose("tiny", prompt_tokens=2000, answer_tokens=2000, rows=1024)
    assert not found.fits
    assert found.advice[0].startswith("--batch-size")
    assert "does not fit" in str(found)
    assert diagnose("tiny", rows=1).fits
    assert diagnose("tiny", ModelOptions(dtype="bfloat16"), rows=1).weights == found.weights / 2
    monkeypatch.setattr("pairjudge_lab.judges.doctor.free_memory", lambda device: 0.5e9)
    assert "nothing would make it fit" in diagnose("tiny", ModelOptions(dtype="bfloat16")).advice[0]


def test_the_doctor_on_the_command_line(capsys):
    assert main(["doctor", "tiny"]) == 0
    printed = capsys.readouterr().out
    assert "million parameters" in printed
    assert "it fits" in printed
    assert main(["doctor", "no such model"]) == 2
    assert "unknown model 'no such model'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spec", "model"),
    [
        ("tiny", "tiny"),
        ("vllm:tiny", "tiny"),
        ("ray:4:THU-KEG/PairJudge-RM", "THU-KEG/PairJudge-RM"),
        ("ray:vllm:/models/a:b", "/models/a:b"),
        ("ray:2:transformers:tiny", "tiny"),
    ],
)
def test_it_takes_the_names_that_judging_takes(spec, model):
    assert model_of(spec) == model


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("simulated:accuracy=0.8", "is no model"),
        ("recorded:verdicts.parquet", "is no model"),
        ("http://127.0.0.1:8000/v1#m", "runs elsewhere"),
        ("ray:2:http://127.0.0.1:8000/v1#m", "runs elsewhere"),
    ],
)
def test_what_is_no_model_here_is_said(spec, message):
    with pytest.raises(UserError, match=message):
        model_of(spec)
    with pytest.raises(UserError, match="device 'tpu' is not offered"):
        diagnose("tiny", ModelOptions(device="tpu"))
