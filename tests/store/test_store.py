"""What was generated and judged, on disk: found again, whole, and never made up."""

import sqlite3
import subprocess
import sys

import pytest

from pairjudge_lab import Arena, ModelOptions, Store, load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.engines.contract import Completion, Request, completion_key
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import Status, Verdict
from pairjudge_lab.store.rereading import reread
from tests.hostile.size import size
from tests.store.stored import REQUEST, whole


def matches(count=12):
    pools = [prepare(pool.first(3)) for pool in load_pools(limit=4)]
    return [m for pool in pools for m in all_ordered_pairs(pool)][:count]


def test_completions_come_back_as_they_went_in(tmp_path):
    path = tmp_path / "s.sqlite"
    stored = {"a": whole(), "b": whole(text="", mean_logprob=None, self_certainty=None, labels=())}
    with Store(path) as store:
        store.keep_completions({"engine": "e"}, [(k, REQUEST, c) for k, c in stored.items()])
        store.keep_completions({"engine": "e"}, [("a", REQUEST, whole(text="later"))])
        store.keep_completions({"engine": "e"}, [("c", REQUEST, Completion.failed("down"))])
    with Store(path) as store:
        assert store.completions(["a", "b", "c", "absent"]) == stored


def test_what_produced_a_completion_is_in_its_name():
    config = GenerationConfig()
    others = [
        ("other", config, REQUEST),
        ("e", GenerationConfig(max_new_tokens=7), REQUEST),
        ("e", GenerationConfig(label_probabilities=True), REQUEST),
        ("e", config, Request((("user", "r"),))),
        ("e", config, Request((("system", "q"),))),
        ("e", config, Request((("user", "q"),), repetition=1)),
    ]
    keys = {completion_key(*parts) for parts in [("e", config, REQUEST), *others]}
    assert len(keys) == 7
    framed = Request((("user", "q"),), frame=(("user", "1"),))
    assert completion_key("e", config, framed) in keys, "the frame only guards the prompt"


def test_a_judge_asks_no_model_for_what_was_written_before(tmp_path):
    """Verdicts thrown away are read again from completions: not a token is generated."""
    path, some = tmp_path / "s.sqlite", matches()
    with Store(path) as store:
        first = Arena(load_judge("tiny"), store).judge(some)
    db = sqlite3.connect(path)
    db.execute("DELETE FROM verdicts")
    db.commit()
    db.close()
    judge = load_judge("tiny")

    def never(*_):
        raise AssertionError("the model was run")

    judge.engine.reader.read = never
    with Store(path) as store:
        assert Arena(judge, store).judge(some) == first


def test_probabilities_asked_for_later_are_asked_for(tmp_path):
    """An answer without them is no answer to a question with them."""
    config = GenerationConfig(label_probabilities=False)
    judge = load_judge("tiny")
    judge.config = judge.config.__class__(**{**vars_of(judge.config), "label_probabilities": False})
    some = matches(2)
    with Store(tmp_path / "s.sqlite") as store:
        Arena(judge, store).judge(some)
        again = Arena(load_judge("tiny"), store).judge(some)
    assert config.identity != GenerationConfig(label_probabilities=True).identity
    assert all(v.a_probability is not None for v in again)


def vars_of(config):
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def test_a_better_reader_reads_again_what_is_there(tmp_path, monkeypatch):
    from pairjudge_lab.protocols import PairJudgeProtocol

    path, some = tmp_path / "s.sqlite", matches()
    plain = PairJudgeProtocol.read
    with monkeypatch.context() as worse:
        worse.setattr(
            PairJudgeProtocol,
            "read",
            lambda self, text, cut_off=False: Verdict(Status.UNPARSED, text=text, reason="?"),
        )
        # A reader that reads nothing also lets no stop string end an answer.
        worse.setattr(PairJudgeProtocol, "is_finished", lambda self, text: True)
        with Store(path) as store:
            read = Arena(load_judge("tiny"), store).judge(some)
    assert {v.status for v in read} == {Status.UNPARSED}
    assert PairJudgeProtocol.read is plain
    with Store(path) as store:
        counts = reread(store)
        now = Arena(load_judge("tiny"), store).judge(some)
    assert counts["again"] == counts["changed"] == len({v.text for v in now}) > 4
    assert [v.outcome for v in now] == [v.outcome for v in load_judge("tiny").judge(some)]
    assert all(v.a_probability is not None for v in now)


def test_forgetting_a_verdict_forgets_its_text(tmp_path):
    some = matches(1)
    short = load_judge("tiny", ModelOptions(max_new_tokens=3))
    with Store(tmp_path / "s.sqlite") as store:
        (verdict,) = Arena(short, store).judge(some)
        assert verdict.status is Status.TRUNCATED
        assert store.forget(Status.TRUNCATED) == 1
        arena = Arena(short, store)
        arena.judge(some)
        assert arena.statistics.judged == 1
        assert list(store.linked()), "and it was generated anew"


OPEN = """
import sys
from pairjudge_lab.store import Store
for number in range(int(sys.argv[2])):
    Store(f"{sys.argv[1]}/{number}.sqlite").close()
"""


@pytest.mark.slow
@pytest.mark.timeout(20_000)
def test_a_thousand_openings_of_new_stores(tmp_path):
    """Six processes and a new file, as often as ``ATTACK=full`` asks: 1,000 openings then."""
    for round_ in range(size(1, 6)):
        folder = tmp_path / str(round_)
        folder.mkdir()
        test_processes_that_open_a_new_store_at_once(folder, 6)


@pytest.mark.parametrize("processes", [2, 6])
def test_processes_that_open_a_new_store_at_once(tmp_path, processes):
    running = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path), "30"], stderr=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    told = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0] * processes, told


class Memory(Store):
    """Another back end: everything in dictionaries, in one class."""

    def __init__(self):
        self.damaged = 0
        self.verdicts, self.texts, self.links = {}, {}, {}

    def get(self, keys):
        return {k: self.verdicts[k] for k in keys if k in self.verdicts}

    def put(self, identity, rows):
        for key, _, verdict in rows:
            if verdict.status is not Status.FAILED:
                self.verdicts.setdefault(key, verdict)

    def completions(self, keys):
        return {k: self.texts[k] for k in keys if k in self.texts}

    def keep_completions(self, producer, rows):
        self.texts.update({key: completion for key, _, completion in rows})

    def link(self, ticket, keys):
        self.links[ticket] = list(keys)


def test_another_back_end_is_one_class():
    store, some = Memory(), matches(6)
    first = Arena(load_judge("tiny"), store).judge(some)
    arena = Arena(load_judge("tiny"), store)
    assert arena.judge(some) == first
    assert arena.statistics.from_store == len(some)
    assert len(store.links) == len(store.verdicts) == len(store.texts)
