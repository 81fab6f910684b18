"""Whatever is wrong with a file is one line to its user, and never a traceback."""

import contextlib
import os
import random
import shutil

import pytest

from pairjudge_lab.files.reading import DEEPEST, parse_json
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.protocols.template import read_template
from pairjudge_lab.records import UserError
from pairjudge_lab.training.judgments import read_judgments
from tests.hostile.calling import call, holds
from tests.hostile.files import JUDGMENTS, KINDS, mutated, written
from tests.hostile.size import size

CURVE = ("--n", "1,2", "--subsets", "2", "--out", "{out}")
USES = {
    "pools": (
        ("select", "{}", "--judge", "simulated", "--n", "2", "--out", "{out}"),
        ("curve", "{}", "--selectors", "majority", *CURVE),
        ("convert", "{}", "--kind", "problems", "--out", "{out}.jsonl"),
    ),
    "verdicts": (
        ("bias", "{}", "--resamples", "3"),
        ("replay", "{pools}", "{}", "--n", "2", "--replicates", "2"),
        ("select", "{pools}", "--judge", "recorded:{}", "--n", "2", "--out", "{out}"),
        ("convert", "{}", "--kind", "verdicts", "--out", "{out}.csv"),
    ),
    "samples": (
        ("curve", "{}", "--selectors", "pass,majority", *CURVE),
    ),
    "labels": (("curve", "{}", "--selectors", "pass", *CURVE),),
}  # fmt: skip


def attack(tmp_path, seed, count):
    rng = random.Random(seed)
    sound = tmp_path / "sound.jsonl"
    sound.write_bytes(written(KINDS["pools.jsonl"], "pools.jsonl"))
    wrong = []
    codes = set()
    for number in range(count):
        kind = rng.choice(list(KINDS))
        file = tmp_path / kind
        file.write_bytes(mutated(kind, rng))
        group = kind.partition(".")[0]
        if group == "judgments":
            with contextlib.suppress(UserError):
                list(read_judgments(file))
            continue
        use = rng.choice(USES[group])
        names = {"{}": file, "{pools}": sound, "{out}": tmp_path / "out"}
        arguments = []
        for part in use:
            for name, path in names.items():
                part = part.replace(name, str(path))
            arguments.append(part)
        try:
            ended = call(*arguments)
        except Exception as problem:  # noqa: BLE001
            wrong.append((number, arguments, repr(problem)))
            keep = tmp_path / f"wrong-{number}-{kind}"
            keep.write_bytes(file.read_bytes())
            continue
        codes.add(ended[0])
        if holds(*ended):
            wrong.append((number, arguments, holds(*ended), ended[2][-300:]))
    assert not wrong, f"{len(wrong)} of {count}: {wrong[:5]}"
    assert codes == {0, 2}, "some files are sound, some are not"


@pytest.mark.parametrize("seed", range(3))
def test_mutated_files(tmp_path, seed):
    attack(tmp_path, seed, 80)


@pytest.mark.slow
@pytest.mark.timeout(20_000)
@pytest.mark.parametrize("seed", range(100, 100 + size(1, 8)))
def test_many_mutated_files(tmp_path, seed):
    attack(tmp_path, seed, size(400, 1000))


@pytest.mark.parametrize("opening", ["[", '{"a":', "[{},["])
@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_brackets_within_brackets_are_refused_before_they_are_read(tmp_path, opening, suffix):
    file = tmp_path / f"data.{suffix}"
    file.write_text(opening * 20_000)
    with pytest.raises(UserError):
        list(read_judgments(file))
    with pytest.raises(UserError, match=f"more than {DEEPEST} levels"):
        parse_json(opening * 20_000, "here")


def test_an_array_is_read_row_by_row_as_its_lines_are(tmp_path):
    rows = []
    for kind in ("judgments.json", "judgments.jsonl"):
        file = tmp_path / kind
        file.write_bytes(written(JUDGMENTS, kind))
        rows.append(list(read_judgments(file)))
    assert rows[0] == rows[1]
    assert len(rows[0]) == 3


def test_half_a_surrogate_pair_becomes_a_mark(tmp_path):
    assert parse_json(r'{"a\ud800": ["\udc00x", "\ud83d\ude00"]}', "") == {
        "a\ufffd": ["\ufffdx", "\U0001f600"]
    }
    file = tmp_path / "p.jsonl"
    file.write_text(
        '{"problem_id": "\\ud800", "problem": "\\udfff", "candidates": '
        '[{"text": "a", "correct": 1}, {"text": "b\\ud801", "correct": 0}]}'
    )
    code, _, err = call("select", str(file), "--judge", "simulated", "--out", str(tmp_path / "o"))
    assert code == 0, err


@pytest.mark.parametrize("command", ["select", "curve"])
def test_a_pipe_a_folder_and_nothing_are_no_files(tmp_path, command):
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    more = ["--judge", "simulated"] if command == "select" else ["--selectors", "majority"]
    for name in (
        "pipe.jsonl",
        "folder.jsonl",
        "absent.jsonl",
        "x" * 5000 + ".jsonl",
        "a\ud800.jsonl",
    ):
        ended = call(command, str(tmp_path / name), *more, "--out", str(tmp_path / "o"))
        assert ended[0] == 2, name
        assert not holds(*ended)
    for name in ("pipe.jsonl", "folder.jsonl", "absent.jsonl"):
        with pytest.raises(UserError, match="cannot read the template"):
            read_template(tmp_path / name)


def test_a_link_that_was_planted_is_not_written_through(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("summary.json.new", "summary.json"):
        (tmp_path / name).symlink_to(victim)
    write_whole(tmp_path / "summary.json", "{}")
    assert victim.read_text() == "mine"
    assert (tmp_path / "summary.json").read_text() == "{}"
    assert not (tmp_path / "summary.json").is_symlink()


def test_no_output_of_a_command_is_written_through_a_planted_link(tmp_path):
    """Every file of a folder of results, found by a first run, is a link in a second."""
    pools, verdicts = tmp_path / "pools.jsonl", tmp_path / "v.jsonl"
    for file, kind in ((pools, "pools.jsonl"), (verdicts, "verdicts.jsonl")):
        file.write_bytes(written(KINDS[kind], kind))
    victim, absent = tmp_path / "victim", tmp_path / "absent"
    calls = (
        ("curve", str(pools), str(verdicts), "--selectors", "pass,knockout", *CURVE),
        ("convert", str(verdicts), "--kind", "verdicts", "--out", "{out}/w.csv"),
        ("convert", str(pools), "--kind", "pools", "--out", "{out}/p.jsonl"),
        ("convert", str(pools), "--kind", "problems", "--out", "{out}/q.csv"),
        ("select", str(pools), "--judge", "simulated", "--n", "2", "--store",
         str(tmp_path / "s.sqlite"), "--out", "{out}"),
        # With the stores that they make where none is named.
        ("select", str(pools), "--judge", "simulated", "--n", "2", "--out", "{out}"),
        ("judge", str(pools), "--judge", "simulated", "--out", "{out}/v.csv"),
        ("bias", str(verdicts), "--resamples", "3", "--picture", "{out}/b.svg"),
    )  # fmt: skip
    for place, words in enumerate(calls):
        first, second = (tmp_path / f"{place}-{n}" for n in (1, 2))
        first.mkdir()
        code, _, err = call(*(word.replace("{out}", str(first)) for word in words))
        assert code == 0, err
        names = [file.name for file in first.iterdir()]
        assert names, words
        stores = [name for name in names if name.endswith(".sqlite")]
        beside = [store + end for store in stores for end in ("-wal", "-shm", "-journal")]
        # One kind at a time: a store that is refused must not keep the rest from being written.
        for kind in (names, [*names, *beside], beside, [n for n in names if n not in stores]):
            for target in (victim, absent):
                shutil.rmtree(second, ignore_errors=True)
                second.mkdir()
                victim.write_text("mine")
                for name in (*kind, ".can-write"):
                    (second / name).symlink_to(target)
                code, _, err = call(*(word.replace("{out}", str(second)) for word in words))
                assert code in (0, 2), err
                assert victim.read_text() == "mine", words
                assert not absent.exists(), (words, kind)


def test_what_could_not_be_written_leaves_nothing(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "a.txt", "half" * 10_000 + "\ud800")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="it is a folder"):
        write_whole(tmp_path, "x")
    with pytest.raises(UserError, match="cannot write"):
        write_whole(tmp_path / "absent" / "x", "x")
