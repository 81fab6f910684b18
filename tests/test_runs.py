"""Runs that are loaded again: the same selections and figures, and nothing judged."""

import json

import pytest

from pairjudge_lab import Knockout, Store, UserError, load_judge, load_pools, load_run
from pairjudge_lab.cli import main
from pairjudge_lab.report import write_selection_report
from pairjudge_lab.runs import run_selection, save_run


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    args = ["select", "embedded", "--judge", "simulated:accuracy=0.8", "-n", "6", "--limit", "12"]
    more = ["--tournament", "swiss", "--order", "both", "--seed", "3", "--out", str(folder)]
    assert main([*args, *more]) == 0
    return folder


def test_a_run_is_loaded_as_it_was(saved, tmp_path):
    run = load_run(saved)
    assert run.summary() == json.loads((saved / "summary.json").read_text())
    assert run.tournament == "swiss"
    assert run.rules["order"] == "both"
    rows = [json.loads(line) for line in (saved / "selections.jsonl").read_text().splitlines()]
    assert [row["candidate"] for row in rows] == [s.candidate for s in run.selections]
    assert run.selections[0].history, "with what was played"
    write_selection_report(run, tmp_path / "report.html", title="again")
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_a_store_that_was_named_is_named_again(tmp_path):
    judge, pools = load_judge("simulated:accuracy=0.8"), load_pools(limit=3)
    with Store(tmp_path / "own.sqlite") as store:
        run = run_selection(pools, judge, Knockout(), n=4, store=store)
    save_run(run, tmp_path)
    with pytest.raises(UserError, match=r"no verdicts\.sqlite"):
        load_run(tmp_path)
    again = load_run(tmp_path, tmp_path / "own.sqlite")
    assert again.accuracies() == run.accuracies()


def test_what_is_no_run_says_so(tmp_path, saved):
    with pytest.raises(UserError, match=r"no run\.json"):
        load_run(tmp_path)
    for name in ("run.json", "pools.jsonl"):
        (tmp_path / name).write_bytes((saved / name).read_bytes())
    Store(tmp_path / "verdicts.sqlite").close()
    with pytest.raises(UserError, match="are not in its store"):
        load_run(tmp_path)
    (tmp_path / "run.json").write_text('{"tournament": 3}')
    with pytest.raises(UserError, match="is not sound"):
        load_run(tmp_path)
