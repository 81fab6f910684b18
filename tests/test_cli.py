import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from pairjudge_lab.cli import main
from pairjudge_lab.datasets.pools import load_pools, save_pools
from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.records import Candidate, Pool, Problem
from tests.conftest import make_pool


@pytest.fixture
def pools_file(tmp_path):
    path = tmp_path / "pools.jsonl"
    right = [True, False, False, True, False, False]
    save_pools([make_pool(right[i:] + right[:i], name=f"p{i}") for i in range(6)], path)
    return path


def run(*args):
    return main([str(a) for a in args])


def select(pools, out, *more, judge="simulated:accuracy=0.9"):
    return run("select", pools, "--judge", judge, "--tournament", "knockout", "--out", out, *more)


def test_select_writes_what_it_promises(pools_file, tmp_path, capsys):
    assert select(pools_file, tmp_path / "out", "-n", 4, "--seed", 3, "--limit", 6, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    lines = (tmp_path / "out" / "selections.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary == printed
    assert [row["problem_id"] for row in rows] == [f"p{i}" for i in range(6)]
    for row in rows:
        assert 0 <= row["candidate"] < 4
        assert {"correct", "calls", "rounds"} <= row.keys()
    hits = sum(row["correct"] for row in rows)
    assert summary["accuracy"]["estimate"] == pytest.approx(hits / 6)
    assert summary["accuracy"]["low"] <= hits / 6 <= summary["accuracy"]["high"]
    assert set(summary["baselines"]) == {"first", "random", "majority", "oracle"}
    assert summary["calls"] == sum(row["calls"] for row in rows)
    assert summary["verdicts"]["parsed"] == summary["calls"]
    assert summary["calls_saved"] == sum(row["calls_saved"] for row in rows)


def test_the_account_of_calls_adds_up(pools_file, tmp_path, capsys):
    # Every problem twice under other names, so that matches of the same texts are in play at once;
    # and a store that knows half of them.
    pools = load_pools(pools_file)
    twins = [replace(p, problem=replace(p.problem, id=f"{p.problem.id} again")) for p in pools]
    save_pools(pools + twins, pools_file)
    store = tmp_path / "store.sqlite"
    assert select(pools_file, tmp_path / "some", "--limit", 3, "--store", store) == 0
    capsys.readouterr()
    assert select(pools_file, tmp_path / "all", "--store", store) == 0
    account = re.search(
        r"calls (\d+) = (\d+) judged now \+ (\d+) from the store \+ (\d+) shared",
        capsys.readouterr().out,
    )
    calls, judged, stored, shared = map(int, account.groups())
    assert calls == judged + stored + shared
    assert min(judged, stored, shared) > 0
    summary = json.loads((tmp_path / "all" / "summary.json").read_text())
    assert calls == summary["calls"] == summary["verdicts"]["asked"]


def test_the_same_seed_gives_the_same_selections_in_another_process(pools_file, tmp_path):
    args = ["select", pools_file, "--judge", "simulated", "--seed", 4, "--out"]
    code = [sys.executable, "-m", "pairjudge_lab", *map(str, args)]
    subprocess.run([*code, str(tmp_path / "one")], check=True, capture_output=True)
    subprocess.run([*code, str(tmp_path / "two")], check=True, capture_output=True)
    one, two = ((tmp_path / d / "selections.jsonl").read_text() for d in ("one", "two"))
    assert one == two


def test_judging_all_pairs_and_replaying_them(pools_file, tmp_path, capsys):
    out = tmp_path / "verdicts.parquet"
    args = ["judge", pools_file, "--judge", "simulated", "--out", out, "--json"]
    assert run(*args, "--both-orders", "--repetitions", 2) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["verdicts"] == 6 * 30 * 2 == len(load_verdicts(out))
    assert select(pools_file, tmp_path / "live", judge="simulated") == 0
    assert select(pools_file, tmp_path / "again", judge=f"recorded:{out}") == 0
    live, again = ((tmp_path / d / "selections.jsonl").read_text() for d in ("live", "again"))
    assert live == again


def test_a_judge_of_the_shipped_study_answers_from_its_recording(tmp_path, capsys):
    words = ("--limit", "2", "--out", tmp_path / "o", "--json")
    assert run("select", "study", "--judge", "recorded:study", *words) == 2
    assert "recorded:FILE#NAME" in capsys.readouterr().err
    name = "recorded:study#qwen2.5-coder-1.5b, labels"
    assert run("select", "study", "--judge", name, *words) == 2
    assert "it covers the first 6 candidates (-n)" in capsys.readouterr().err
    words += ("-n", "6")
    assert run("select", "study", "--judge", name, *words) == 0
    verdicts = json.loads(capsys.readouterr().out)["verdicts"]
    assert verdicts["asked"] == verdicts["parsed"] > 0
    assert run("select", "study", "--judge", "recorded:study#nobody", *words) == 2
    assert "no verdicts of the judge 'nobody'" in capsys.readouterr().err


def test_one_order_shows_every_pair_once(pools_file, tmp_path):
    out = tmp_path / "verdicts.csv"
    assert run("judge", pools_file, "--judge", "simulated", "--out", out) == 0
    table = load_verdicts(out)
    pairs = {
        (p, *sorted((a, b)))
        for p, a, b in zip(table.problem_id, table.response_a, table.response_b, strict=True)
    }
    assert len(table) == len(pairs) == 6 * 15
    assert 20 < (table.response_a < table.response_b).sum() < 70


def test_unread_verdicts_are_said_plainly(pools_file, tmp_path, capsys):
    assert select(pools_file, tmp_path / "out", judge="simulated:unread=1") == 0
    said = capsys.readouterr().out
    assert "verdicts are unread; none was guessed" in said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["verdicts"]["parsed"] == 0
    assert summary["verdicts"]["unparsed"] == summary["calls"] > 0


def test_candidates_of_unknown_truth(tmp_path, capsys):
    path = tmp_path / "pools.jsonl"
    save_pools([Pool(Problem("p", "?"), (Candidate("A: 1"), Candidate("A: 1")))], path)
    assert select(path, tmp_path / "out") == 0
    assert "accuracy: not known" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["accuracy"] is None


def bad(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


GOOD = '{"problem_id": "p", "problem": "?", "candidates": [{"text": "x"}]}\n'
CASES = {
    "no such file": (None, "no such file"),
    "broken JSON": (GOOD + "{oops\n", "line 2: not JSON"),
    "no candidates": (GOOD.replace('{"text": "x"}', ""), "'p' has no candidates"),
    "no candidates key": ('{"problem_id": "p", "problem": "?"}', "candidates missing"),
    "duplicate ids": (GOOD * 2, "the problem id 'p' was already used"),
    "a list": ("[1]", "a pool is an object, got list"),
    "a number for a text": (GOOD.replace('"x"', "3"), "candidate 0: a candidate is a text"),
    "a word for correct": (GOOD.replace('"x"', '"x", "correct": "yes"'), "'correct' is true"),
    "a word for score": (GOOD.replace('"x"', '"x", "score": "high"'), "'score' is a number"),
    "nothing": ("", "holds no pools"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_pools_get_one_clear_line_and_exit_code_2(case, tmp_path, capsys):
    text, message = CASES[case]
    path = tmp_path / "absent.jsonl" if text is None else bad(tmp_path, "pools.jsonl", text)
    assert select(path, tmp_path / "out") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err


def one_line(capsys, message):
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    assert message in error


def test_other_bad_input(pools_file, tmp_path, capsys):
    assert select(pools_file, tmp_path / "out", judge="nonsense") == 2
    one_line(capsys, "unknown model 'nonsense'; give one of tiny")
    assert select(pools_file, tmp_path / "out", judge="simulated:luck=1") == 2
    one_line(capsys, "no setting 'luck'")
    assert select(pools_file, tmp_path / "out", judge="simulated:accuracy=high") == 2
    one_line(capsys, "accuracy is a number, got 'high'")
    assert select(pools_file, tmp_path / "out", "-n", 7) == 2
    one_line(capsys, "has 6 candidates, so N = 7 cannot be played; choose N between 1 and 6")
    assert select(pools_file, tmp_path / "out", "--tournament", "chess") == 2
    one_line(capsys, "no tournament named 'chess'")
    assert select(tmp_path / "pools.txt", tmp_path / "out") == 2
    one_line(capsys, "pools come as .jsonl, .json, .parquet")
    assert select(pools_file, pools_file / "below") == 2
    one_line(capsys, "cannot write to the folder")
    assert select(pools_file, tmp_path / "out", "--device", "abacus") == 2
    one_line(capsys, "device 'abacus' is not offered; choose auto, cpu")
    assert run("judge", pools_file, "--judge", "simulated", "--out", tmp_path / "v.xls") == 2
    one_line(capsys, "verdicts are written as .parquet, .csv, .jsonl")
    with pytest.raises(SystemExit, match="2"):
        select(pools_file, tmp_path / "out", "-n", 0)


def test_pools_survive_both_formats(tmp_path, pools_file):
    pools = load_pools(pools_file)
    save_pools(pools, tmp_path / "pools.parquet")
    assert load_pools(tmp_path / "pools.parquet") == pools
    assert load_pools(pools_file, limit=2) == pools[:2]


def test_real_pools_are_read_as_they_are(shared):
    pools = load_pools(shared / "gsm8k_pools.jsonl")
    assert len(pools) == 1319
    # The published accuracies of the four sources, counted from the labels.
    rates = [100 * sum(bool(p.candidates[i].correct) for p in pools) / len(pools) for i in range(4)]
    assert rates == pytest.approx([21.68, 39.04, 34.72, 56.25], abs=0.005)


def test_judges_and_templates(capsys, tmp_path):
    assert run("judges", "--json") == 0
    assert {"tiny", "simulated"} <= json.loads(capsys.readouterr().out).keys()
    assert run("template", "show") == 0
    assert "{response_b}" in capsys.readouterr().out


def lines_in(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


SLOW_RUN = """
import sys, time
import pairjudge_lab.judges as judges
from pairjudge_lab.cli import main
from pairjudge_lab.judges.simulated import SimulatedJudge

class Slow:
    inner = SimulatedJudge()
    identity, capacity = inner.identity, 4

    def judge(self, matches):
        time.sleep(0.02)
        answers = self.inner.judge(matches)
        with open(sys.argv[1], "a") as log:
            log.writelines(f"{m.pool.problem.id} {m.a} {m.b}\\n" for m in matches)
        return answers

judges.load_judge = lambda spec, options: Slow()
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_as_if_nothing_had_happened(tmp_path):
    """kill -9 twenty times: same selections, and only the batch in flight is ever judged again."""
    import numpy as np

    rng = np.random.default_rng(11)
    pools = [make_pool([bool(x) for x in rng.random(8) < 0.4], name=f"p{i}") for i in range(40)]
    save_pools(pools, tmp_path / "pools.jsonl")
    script = tmp_path / "slow.py"
    script.write_text(SLOW_RUN)

    def command(out):
        args = ["select", tmp_path / "pools.jsonl", "--judge", "simulated", "--out", out]
        return [sys.executable, script, out.with_suffix(".log"), *args]

    calm, wild = tmp_path / "calm", tmp_path / "wild"
    subprocess.run([*map(str, command(calm))], check=True, capture_output=True)
    log, kills = wild.with_suffix(".log"), 0
    while kills < 20:
        # Let it go on by a random number of verdicts, then by a random part of a batch.
        target = lines_in(log) + int(rng.integers(0, 16))
        process = subprocess.Popen(
            [*map(str, command(wild))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and lines_in(log) <= target:
            time.sleep(0.002)
        time.sleep(float(rng.random()) * 0.03)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        if kills < 20 and (wild / "summary.json").exists():
            # It came to its end: the rest of the kills strike a fresh run.
            shutil.rmtree(wild)
            log.unlink()
    subprocess.run([*map(str, command(wild))], check=True, capture_output=True)
    assert (wild / "selections.jsonl").read_text() == (calm / "selections.jsonl").read_text()
    judged = wild.with_suffix(".log").read_text().splitlines()
    needed = calm.with_suffix(".log").read_text().splitlines()
    assert set(judged) == set(needed)
    # A kill costs at most the four matches that were judged and not yet stored.
    assert len(judged) - len(needed) <= 4 * kills


def test_tournaments_are_listed_with_their_calls(capsys):
    assert run("tournaments", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["knockout"]["calls"] == {"8": 7, "16": 15, "64": 63}
    assert facts["round-robin"]["calls"] == {"8": 28, "16": 120, "64": 2016}
    assert facts["swiss"]["calls"]["64"] == 6 * 32
    assert all(fact["what"] for fact in facts.values())
    assert run("tournaments") == 0
    assert "double-elimination" in capsys.readouterr().out


def test_select_plays_any_tournament_by_any_rule(pools_file, tmp_path, capsys):
    args = ["select", pools_file, "--judge", "simulated", "--json"]
    for name in ("swiss", "double-elimination", "adaptive"):
        out = tmp_path / name
        assert run(*args, "--tournament", name, "--order", "both", "--budget", 9, "--out", out) == 0
        summary = json.loads(capsys.readouterr().out)
        assert summary["tournament"] == name
        assert summary["rules"]["order"] == "both"
        assert summary["rules_in_words"]["order"].startswith("both orders")
        assert summary["rules"]["budget"] == 9
        rows = map(json.loads, (out / "selections.jsonl").read_text().splitlines())
        assert all(row["calls"] <= 9 for row in rows)


def test_replay_compares_tournaments_on_recorded_verdicts(pools_file, tmp_path, capsys):
    out = tmp_path / "v.parquet"
    assert run("judge", pools_file, "--judge", "simulated", "--both-orders", "--out", out) == 0
    capsys.readouterr()
    names = ("--tournament", "knockout", "--tournament", "swiss")
    assert run("replay", pools_file, out, *names, "--n", "2,6", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert [(p["selector"], p["n"]) for p in facts["points"]] == [
        ("knockout", 2), ("knockout", 6), ("swiss", 2), ("swiss", 6),
    ]  # fmt: skip
    for point in facts["points"]:
        assert point["low"] <= point["accuracy"] <= point["high"]
        assert point["calls"] > 0
    assert run("replay", pools_file, out, *names, "--n", "2") == 0
    assert "'replay' is 'curve' under an older name" in capsys.readouterr().err
    for bad, message in (
        (["--n", "two"], "--n takes whole numbers with commas"),
        (["--n", "9"], "no problem has 9 candidates whose truth is known (the largest has 6)"),
        (["--tournament", "coin"], "no selector named 'coin'"),
        (["--n", "2", "--votes", "3"], "need 3 repetitions"),
    ):
        assert run("replay", pools_file, out, *bad) == 2
        assert message in capsys.readouterr().err
