"""To Label Studio and back: nothing tells a source, nothing is lost, nothing is made up."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from pairjudge_lab import Candidate, Match, Pool, Problem, Status, Store, UserError, Verdict
from pairjudge_lab.labelling import (
    AnnotatorQueue,
    from_label_studio,
    import_label_studio,
    label_config,
    ordered_matches,
    pairs_of,
    save_label_studio,
    to_label_studio,
)
from pairjudge_lab.labelling.choices import choices_of, verdict_said
from pairjudge_lab.records import VerdictKind

EVIL = "</pre><img src=x onerror=alert(1)> \u202e $x$ \ud800"


def some_matches(n=4):
    texts = ["It is 4.", "It is 5.", EVIL]
    sources = ("secret-model", "other-model", "third-model")
    pools = [
        Pool(
            Problem(f"secret-id-{k}", f"{k} + 2?", "4"),
            tuple(
                Candidate(f"{t} ({k})", score=0.123, correct=i == 0, source=s)
                for i, (t, s) in enumerate(zip(texts, sources, strict=True))
            ),
        )
        for k in range(n)
    ]
    return ordered_matches(pairs_of(pools), "both", np.random.default_rng(0))


@pytest.mark.parametrize("kind", ["labels", "preference"])
def test_round_trip(kind, tmp_path):
    matches = some_matches()
    outcomes = [choice.outcome for choice in choices_of(kind)]
    rng = np.random.default_rng(1)
    said = {
        name: {
            place: verdict_said(
                str(rng.choice(outcomes)), VerdictKind(kind), note=f"n {place}" * (place % 2),
                seconds=place / 4,
            )
            for place in range(len(matches))
            if rng.random() < 0.8
        }
        for name in ("ada@x.org", "bo@x.org")
    }  # fmt: skip
    path = tmp_path / "export.json"
    path.write_text(json.dumps(to_label_studio(matches, said)))
    with Store() as store:
        imported = import_label_studio(
            path, matches, store, kind, names={"ada@x.org": "Ada", "bo@x.org": "Bo"}
        )
        assert not imported.left_out
        for name, key in (("Ada", "ada@x.org"), ("Bo", "bo@x.org")):
            assert imported.verdicts[name] == [(matches[i], v) for i, v in said[key].items()]
        table = store.table()
        assert len(table) == sum(map(len, said.values()))
        assert set(table["judge"]) == {"person:Ada", "person:Bo"}
        # The same person goes on in the notebook.
        work = AnnotatorQueue(
            matches, store, "Ada", kind=kind, policy="given", rng=np.random.default_rng(0)
        )
        assert work.done == len(said["ada@x.org"])


def test_a_task_tells_nothing_but_the_texts(tmp_path):
    path = tmp_path / "tasks.json"
    save_label_studio(path, some_matches())
    text = path.read_text("ascii")
    tasks = json.loads(text)
    assert {tuple(task) for task in tasks} == {("data",)}
    assert set(tasks[0]["data"]) == {"question", "response_a", "response_b", "pair"}
    for secret in ("secret", "other-model", "third-model", "0.123", "true"):
        assert secret not in text


@pytest.mark.parametrize("kind", ["labels", "preference"])
def test_the_configuration_names_what_the_tasks_hold(kind):
    root = ET.fromstring(label_config(kind, 'Which is "better" & why?'))
    values = {node.get("value").lstrip("$") for node in root.iter("Text")}
    assert values == {"question", "response_a", "response_b"}
    (pairwise,) = root.iter("Pairwise")
    assert pairwise.get("toName") == "response_a,response_b"
    choices = [node.get("value") for node in root.iter("Choice")]
    assert choices == (["tie", "neither"] if kind == "labels" else ["tie"])
    assert root.find("Header").get("value") == 'Which is "better" & why?'


def test_label_studios_own_reader_takes_configuration_tasks_and_annotations():
    interface = pytest.importorskip(
        "label_studio_sdk.label_interface", reason="label-studio-sdk is not installed"
    )
    matches = some_matches(1)
    said = {
        "ada": {
            place: verdict_said(outcome, VerdictKind.LABELS, note="why")
            for place, outcome in enumerate(("A", "B", "tie", "neither"))
        }
    }
    config = interface.LabelInterface(label_config("labels"))
    config.validate()
    for task in to_label_studio(matches, said):
        # With its annotations in it, label-studio-sdk 2.1 calls itself without them.
        assert config.validate_task({"data": task["data"]})
        for annotation in task.get("annotations", []):
            for region in annotation["result"]:
                # It makes pairwise regions that name themselves as target, and refuses them.
                if region["type"] != "pairwise":
                    assert config.validate_region(region)


def annotation(*result, **more):
    return {"result": list(result), "completed_by": 7, **more}


def side(which):
    return {"from_name": "better", "type": "pairwise", "value": {"selected": which}}


def alike(which):
    return {"from_name": "alike", "type": "choices", "value": {"choices": [which]}}


def read(*annotations, kind="labels", pair=None):
    matches = some_matches(1)[:1]
    (task,) = to_label_studio(matches)
    task["annotations"] = list(annotations)
    if pair:
        task["data"]["pair"] = pair
    return from_label_studio([task], matches, kind, names={7: "Ada"})


def test_what_people_leave_out_or_contradict_was_not_read():
    for result, reason in [
        ((), "nothing was picked"),
        ((side("left"), alike("tie")), "picked A, tie"),
        ((side("middle"),), "picked ?"),
        ((alike("best"),), "picked best"),
    ]:
        ((_, verdict),) = read(annotation(*result)).verdicts["Ada"]
        assert verdict == Verdict(Status.UNPARSED, reason=reason)
    ((_, verdict),) = read(annotation(alike("neither")), kind="preference").verdicts["Ada"]
    assert verdict.status is Status.UNPARSED


def test_what_is_left_out_is_counted():
    assert read(annotation(side("left"), was_cancelled=True)).left_out == {"cancelled": 1}
    assert read(annotation(side("left")), pair="?").left_out == {"unknown pair": 1}
    twice = read(
        annotation(side("right"), updated_at="2026-02-01"),
        annotation(side("left"), updated_at="2026-01-01"),
    )
    assert twice.left_out == {"repeated": 1}
    ((_, verdict),) = twice.verdicts["Ada"]
    assert verdict.outcome == "B", "the later one"


def test_another_text_is_another_pair():
    matches = some_matches(1)[:1]
    task = to_label_studio(matches)[0] | {"annotations": [annotation(side("left"))]}
    pool = matches[0].pool
    changed = Pool(pool.problem, tuple(Candidate(c.text + "!") for c in pool.candidates))
    found = from_label_studio([task], [Match(changed, matches[0].a, matches[0].b)])
    assert found.left_out == {"unknown pair": 1}


@pytest.mark.parametrize(
    "export",
    [{}, [1], [{"data": {}, "annotations": 1}], [{"data": {}, "annotations": [1]}],
     [{"annotations": []}]],
)  # fmt: skip
def test_what_is_no_export_is_refused(export):
    with pytest.raises(UserError):
        from_label_studio(export, some_matches(1))


def test_an_unread_verdict_is_no_annotation():
    with pytest.raises(UserError, match="was not read"):
        to_label_studio(some_matches(1), {"Ada": {0: Verdict(Status.UNPARSED)}})
