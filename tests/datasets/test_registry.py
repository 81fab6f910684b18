import pytest

from pairjudge_lab import load_pools, load_problems, load_verdicts
from pairjudge_lab.datasets.registry import KINDS, entries, find, is_name, listing
from pairjudge_lab.records import UserError


def test_every_entry_says_what_it_has_to(lab_data):
    known = entries()
    assert len({(e.kind, e.name) for e in known}) == len(known)
    for entry in known:
        assert entry.kind in KINDS
        for value in (entry.licence, entry.size, entry.purpose, entry.source):
            assert value.strip(), entry.name
        remote = entry.remote
        assert bool(remote.repository) != bool(remote.urls), entry.name
        assert all(url.startswith("https://") for url in remote.urls)
        if remote.urls and not remote.archive:
            assert len(remote.urls) == len(remote.files)
        assert all(len(sum_) == 64 for sum_ in remote.checksums.values())
        assert remote.page.startswith("https://")
        assert not entry.here


def test_the_benchmarks_that_were_asked_for_are_known():
    names = {kind: {entry.name for entry in entries(kind)} for kind in KINDS}
    assert names["problems"] >= {
        "math-500", "gsm8k", "aime-2024", "aime-2025", "olympiadbench-maths", "math-train",
    }  # fmt: skip
    assert names["pools"] >= {
        "pairjudge-432k", "prm800k", "processbench", "reward-bench-2", "rm-bench",
        "judgebench-gpt", "llmbar-natural", "rewardmath", "jetts",
    }  # fmt: skip
    assert names["verdicts"] >= {
        "mt-bench-human", "mt-bench-gpt4", "llmbar-natural", "devbench-repetitions",
        "mt-bench-repetitions", "judgebench-outputs",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("load", "name", "message"),
    [
        (load_problems, "math500", "no problems are known as 'math500'; near: math-500"),
        (load_problems, "AIME_2024", "near: aime-2024"),
        (load_pools, "rewardbench2", "near: reward-bench-2"),
        (load_pools, "gsm8k", "'gsm8k' names problems, no pools: open it with load_problems"),
        (load_verdicts, "judgebench", "near: judgebench-outputs"),
        (load_pools, "math500", "no pools are known as 'math500'; near: math-500 .problems."),
        (load_problems, "qqqq", "no problems are known as 'qqqq'; known: math-500"),
    ],
)
def test_an_unknown_name_lists_near_ones(load, name, message):
    with pytest.raises(UserError, match=message):
        load(name)


def test_unknown_kinds_are_refused():
    with pytest.raises(UserError, match="no kind 'models' of dataset; there are: problems, pools"):
        entries("models")
    assert find("llmbar-natural", "pools").kind == "pools"
    assert find("llmbar-natural", "verdicts").kind == "verdicts"


def test_only_words_are_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").touch()
    assert is_name("math-500")
    for other in ("embedded", "a/b", "x.jsonl", "there", tmp_path, None):
        assert not is_name(other)


def test_the_listing_says_what_is_here(lab_data):
    assert {row["here"] for row in listing()} == {False}
    path = find("math-500", "problems").folder / "test.jsonl"
    path.parent.mkdir(parents=True)
    path.touch()
    assert [row["name"] for row in listing("problems") if row["here"]] == ["math-500"]
    assert path.is_relative_to(lab_data)
