"""A command that is killed at any moment loses nothing, doubles nothing and changes nothing."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.hostile.size import size

COLUMNS = ["problem_id", "response_a", "response_b", "repetition", "verdict", "text"]


def words(command, judge, limit, out):
    asked = ["embedded", "--judge", judge, "--limit", str(limit), "--n", "8", "--batch-size", "8"]
    more = ["--both-orders", "--out", f"{out}/v.csv"] if command == "judge" else ["--out", out]
    return [sys.executable, "-m", "pairjudge_lab", command, *asked, *more]


def result(command, out):
    """What a finished run says, without its times."""
    if command == "judge":
        return pd.read_csv(f"{out}/v.csv")[COLUMNS].to_dict("records")
    with Path(out, "selections.jsonl").open() as lines:
        return [json.loads(line) for line in lines]


def finish(command, judge, limit, out):
    done = subprocess.run(
        words(command, judge, limit, out), capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
    return result(command, out)


def attack(tmp_path, command, judge, limit, kills, seed):
    """Kill runs at random moments, each going on from the last, until one reaches its end."""
    clock = time.monotonic()
    whole = finish(command, judge, limit, f"{tmp_path}/whole")
    longest = time.monotonic() - clock
    rng = random.Random(seed)
    done = 0
    while done < kills:
        out = f"{tmp_path}/run-{done}"
        for _ in range(rng.choice((1, 2, 3))):
            running = subprocess.Popen(
                words(command, judge, limit, out),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(rng.uniform(0.1, 1.0) * longest)
            os.kill(running.pid, signal.SIGKILL)
            running.wait()
            done += 1
        assert finish(command, judge, limit, out) == whole


@pytest.mark.parametrize("command", ["judge", "select"])
def test_a_killed_command_goes_on(tmp_path, command):
    attack(tmp_path, command, "simulated", 20, 1, 0)


@pytest.mark.slow
@pytest.mark.timeout(20_000)
@pytest.mark.parametrize("command", ["judge", "select"])
def test_many_kills(tmp_path, command):
    attack(tmp_path, command, "tiny", 6, size(4, 50), 1)
