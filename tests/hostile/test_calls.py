"""Whatever stands in a call, it ends with exit code 0 or 2 and one line of error."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pairjudge_lab.cli.shared.plain_output import plain
from tests.hostile.calling import call, holds
from tests.hostile.calls import hostile_calls
from tests.hostile.files import KINDS, written
from tests.hostile.size import size


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind in ("pools.jsonl", "verdicts.jsonl"):
        (tmp_path / kind).write_bytes(written(KINDS[kind], kind))
    (tmp_path / "broken.jsonl").write_bytes(b'{"problem_id": [')
    (tmp_path / "out").mkdir()
    return tmp_path


def attack(here, seed, count):
    wrong, codes = [], set()
    for words in hostile_calls(random.Random(seed), count, here):
        try:
            ended = call(*words)
        except Exception as problem:  # noqa: BLE001
            wrong.append((words, repr(problem)[:200]))
            continue
        codes.add(ended[0])
        if holds(*ended):
            wrong.append((words, holds(*ended), ended[2][-200:]))
    shown = [[word[:60] for word in words] + list(what) for words, *what in wrong[:5]]
    assert not wrong, f"{len(wrong)} of {count}: {shown}"
    assert codes == {0, 2}


@pytest.mark.parametrize("seed", range(3))
def test_hostile_calls(here, seed):
    attack(here, seed, 60)


@pytest.mark.slow
@pytest.mark.timeout(20_000)
@pytest.mark.parametrize("seed", range(100, 100 + size(1, 8)))
def test_many_hostile_calls(here, seed):
    attack(here, seed, size(400, 1000))


def test_no_escape_sequence_reaches_the_terminal():
    evil = "\x1b[2J\x9b0m\u202e\r\ud800 fine\n"
    assert plain(evil) == r"\x1b[2J\x9b0m\u202e\r\ud800 fine" + "\n"
    ended = call("bias", "\x1b]0;title\x07.csv")
    assert ended[0] == 2
    assert "\\x1b" in ended[2]
    assert not holds(*ended)
    assert not holds(*call("replay", "embedded", "embedded", "--n", "\x1b[31mred"))


def test_names_in_tables_are_printed_plainly(here):
    rows = [{**row, "judge": "\x1b[31mred"} for row in KINDS["verdicts.jsonl"]]
    (here / "v.jsonl").write_bytes(written(rows, "v.jsonl"))
    code, out, err = call("bias", "v.jsonl", "--resamples", "5")
    assert code == 0, err
    assert "\\x1b[31mred" in out
    assert "\x1b" not in out


def test_a_name_of_several_lines_cannot_write_a_line_of_a_table(here):
    rows = [{**row, "judge": "mine\nforged   99"} for row in KINDS["verdicts.jsonl"]]
    (here / "v.jsonl").write_bytes(written(rows, "v.jsonl"))
    code, out, err = call("bias", "v.jsonl", "--resamples", "5")
    assert code == 0, err
    assert "mine\\nforged   99" in out
    assert not any(line.startswith("forged") for line in out.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_one_line(here):
    words = ["bias", "verdicts.jsonl", "--resamples", "5"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pairjudge_lab", *words],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=250,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["pairjudge-lab: No space left on device"]


def test_a_reader_that_has_gone_is_no_error(here):
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "pairjudge_lab", "bias", "verdicts.jsonl", "--resamples", "5"],
        stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=250,
    )  # fmt: skip
    os.close(theirs)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("command", ["select", "judge"])
def test_a_run_in_which_every_verdict_failed_says_so(here, command):
    out = str(here / ("run" if command == "select" else "v.csv"))
    code, _, err = call(
        command, "pools.jsonl", "--judge", "http://127.0.0.1:9/v1#m", "--n", "2", "--out", out
    )
    assert code == 2, "nothing listens there"
    assert err.count("pairjudge-lab:") == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_second_interrupt_is_no_traceback(here):
    words = ["select", "embedded", "--judge", "tiny", "--out", "o"]
    running = subprocess.Popen(
        [sys.executable, "-m", "pairjudge_lab", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 200
    while not (here / "o" / "verdicts.sqlite").exists() and time.monotonic() < until:
        time.sleep(0.2)
    for _ in range(3):
        running.send_signal(signal.SIGINT)
        time.sleep(0.3)
    _, err = running.communicate(timeout=200)
    assert "Traceback" not in err
    assert running.returncode == 130
