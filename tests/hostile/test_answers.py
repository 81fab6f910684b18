"""Hostile candidates cost a bounded time, and threads get the answers to their own questions."""

import os
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from pairjudge_lab import answers
from pairjudge_lab.answers_process import AnswerProcess, Late
from pairjudge_lab.records import Candidate, Pool, Problem
from tests.test_answers import HANGS

HALF, THIRD = r"\boxed{\frac{1}{2}}", r"\boxed{\frac{2}{6}}"


@pytest.fixture
def late(monkeypatch):
    """How often each request was late."""
    count = Counter()
    ask = AnswerProcess.ask

    def counted(self, request, seconds):
        try:
            return ask(self, request, seconds)
        except Late:
            count[request.get("text") or request["first"]] += 1
            raise

    monkeypatch.setattr(AnswerProcess, "ask", counted)
    monkeypatch.setattr(answers, "TIME_LIMIT", 1.0)
    monkeypatch.setattr(answers, "SHORTEST_LIMIT", 0.5)
    return count


def hostile_pool(count):
    hostile = [f"9^{{9^{{9^{{9^{{{9 + i}}}}}}}}}" for i in range(count)]
    texts = [HALF, *(rf"\boxed{{{text}}}" for text in hostile), r"\boxed{0.5}", THIRD, HALF]
    return Pool(Problem("p", "?", r"\frac{2}{4}"), tuple(map(Candidate, texts)))


def test_hostile_candidates_do_not_multiply(late, caplog):
    undecided = Counter()
    ready = answers.prepare(hostile_pool(8), undecided)
    assert undecided["p"] >= 8, "each of them is counted"
    assert max(late.values()) >= 1
    assert late.total() <= 8, "no more than one time-out a candidate"
    honest = (0, 9, 10, 11)
    assert [ready.candidates[i].correct for i in honest] == [True, True, False, True]
    assert ready.groups[0] == ready.groups[9] == ready.groups[11] != ready.groups[10]
    assert not any(c.correct for c in ready.candidates[1:9])
    (line,) = caplog.messages
    assert line.startswith("problem 'p': ")
    assert "undecided" in line


def test_a_pool_has_a_budget(late, monkeypatch):
    monkeypatch.setattr(answers, "POOL_BUDGET", 0.6)
    answers.prepare(hostile_pool(8))
    assert 1 <= late.total() <= 2


def test_what_takes_long_is_not_tried_again(late):
    hang = HANGS[0]
    pool = Pool(Problem("p", "?", "x"), tuple(Candidate("", hang) for _ in range(5)))
    answers.prepare(pool)
    assert late.total() <= 1


def test_threads_get_the_answers_to_their_own_questions():
    def same(i):
        return answers.same_answer(f"x + {i}", f"{i} + x") and not answers.same_answer(
            f"x + {i}", f"x + {i + 1}"
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(same, range(60)))


def test_a_process_that_was_killed_is_replaced():
    process = AnswerProcess()
    request = {"task": "compare", "first": "x+1", "second": "1+x"}
    assert process.ask(request, 5.0)
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True
    )
    mine = [
        int(line.split()[0])
        for line in listed.stdout.splitlines()
        if f"answers_worker {os.getpid()}" in line and int(line.split()[1]) == os.getpid()
    ]
    assert mine
    for pid in mine:
        os.kill(pid, signal.SIGKILL)
    assert process.ask(request, 5.0)
    assert answers.same_answer("x+1", "1+x")
    process.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_asks_a_process_of_its_own():
    code = (
        "import os\n"
        "from pairjudge_lab.answers import same_answer\n"
        "assert same_answer('x+1', '1+x')\n"
        "child = os.fork()\n"
        "right = all(same_answer(f'x+{i}', f'{i}+x') for i in range(20))\n"
        "if not child: os._exit(0 if right else 1)\n"
        "_, status = os.waitpid(child, 0)\n"
        "assert right and status == 0\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=250)
