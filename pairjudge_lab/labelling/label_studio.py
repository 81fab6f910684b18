"""Label Studio: pairs out as tasks, annotations back in as people's verdicts.

The formats are Label Studio's JSON task format and its pairwise template, with choices for a tie
and for neither beside it, which the template lacks [1]_ [2]_. A task holds the question, the two
texts and a digest of them, and nothing that tells a response's source.

References
----------
.. [1] https://labelstud.io/guide/task_format
.. [2] https://labelstud.io/templates/pairwise_comparison
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pairjudge_lab.files.reading import parse_json, read_text
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.labelling.choices import (
    INSTRUCTIONS,
    annotator_identity,
    choices_of,
    verdict_kind,
    verdict_said,
)
from pairjudge_lab.records import Match, Status, UserError, Verdict, VerdictKind
from pairjudge_lab.store import Storage, judge_digest, verdict_key

_SIDES = {"A": "left", "B": "right"}
_CONTROLS = ("better", "alike", "note")


def label_config(kind: VerdictKind | str = VerdictKind.LABELS, instructions: str = "") -> str:
    """The labelling configuration of a Label Studio project for ``to_label_studio``'s tasks.

    Parameters
    ----------
    kind : {"labels", "preference"}
    instructions : str
        What the people are asked; the kind's own question where it is empty.

    Returns
    -------
    str
        XML, to paste into the project's settings.
    """
    import html

    kind = verdict_kind(kind)
    asked = html.escape(instructions or INSTRUCTIONS[kind])
    alike = "\n".join(
        f'    <Choice value="{choice.outcome}" alias="{choice.outcome}" hotkey="{choice.key}"/>'
        for choice in choices_of(kind)
        if choice.outcome not in _SIDES
    )
    return f"""<View>
  <Header value="{asked}"/>
  <Text name="question" value="$question"/>
  <Pairwise name="better" toName="response_a,response_b"/>
  <View style="display: grid; grid-template-columns: 1fr 1fr; column-gap: 1em">
    <Text name="response_a" value="$response_a"/>
    <Text name="response_b" value="$response_b"/>
  </View>
  <Choices name="alike" toName="question" choice="single" required="false">
{alike}
  </Choices>
  <TextArea name="note" toName="question" maxSubmissions="1" required="false"/>
</View>
"""


def to_label_studio(
    matches: Sequence[Match], verdicts: Mapping[str, Mapping[int, Verdict]] | None = None
) -> list[dict[str, Any]]:
    """Matches as Label Studio tasks, in their order.

    Parameters
    ----------
    matches : sequence of Match
        As ``ordered_matches`` gives them, for an order drawn at random.
    verdicts : mapping, optional
        By annotator, verdicts by the match's place in ``matches``; they become annotations.

    Returns
    -------
    list of dict
        Tasks with ``data`` and, where there are verdicts, ``annotations``.

    Raises
    ------
    UserError
        When a verdict was not read: an annotation cannot say so.
    """
    tasks = []
    for place, match in enumerate(matches):
        texts = {
            "question": match.question,
            "response_a": match.response_a,
            "response_b": match.response_b,
        }
        task: dict[str, Any] = {"data": {**texts, "pair": _pair(match)}}
        annotations = [
            _annotation(name, said[place])
            for name, said in (verdicts or {}).items()
            if place in said
        ]
        if annotations:
            task["annotations"] = annotations
        tasks.append(task)
    return tasks


def save_label_studio(path: str | Path, matches: Sequence[Match]) -> None:
    """Write ``to_label_studio``'s tasks as a JSON file that Label Studio imports.

    Raises
    ------
    UserError
        When the file cannot be written.
    """
    text = json.dumps(to_label_studio(matches), ensure_ascii=True, indent=1)
    write_whole(Path(path), text + "\n")


@dataclass(frozen=True, slots=True)
class Imported:
    """What Label Studio's annotations say.

    Attributes
    ----------
    verdicts : dict
        By annotator, the matches with their verdicts.
    left_out : Counter
        Annotations that gave no verdict, by reason: ``cancelled``, ``unknown pair``, ``repeated``
        (the same person's earlier one of the same pair).
    """

    verdicts: dict[str, list[tuple[Match, Verdict]]]
    left_out: Counter[str] = field(default_factory=Counter)


def from_label_studio(
    tasks: Sequence[Any],
    matches: Sequence[Match],
    kind: VerdictKind | str = VerdictKind.LABELS,
    *,
    names: Mapping[int | str, str] | None = None,
) -> Imported:
    """Label Studio's exported tasks as people's verdicts.

    An annotation that picks nothing, or a side and a tie, is a verdict that was not read.

    Parameters
    ----------
    tasks : sequence of dict
        A project's export in the format JSON.
    matches : sequence of Match
        Those that were exported; tasks are known by their texts.
    kind : {"labels", "preference"}
        What the people were asked for.
    names : mapping, optional
        Annotators' names by Label Studio's number or e-mail address of them; others are named by
        the address or the number.

    Raises
    ------
    UserError
        For what is no such export.
    """
    kind = verdict_kind(kind)
    if not isinstance(tasks, list | tuple):
        raise UserError("a Label Studio export in the format JSON is a list of tasks")
    by_pair = {_pair(match): match for match in matches}
    found: dict[str, dict[str, tuple[Match, Verdict]]] = {}
    last: dict[tuple[str, str], str] = {}
    left_out: Counter[str] = Counter()
    for number, task in enumerate(tasks, 1):
        data = task.get("data") if isinstance(task, dict) else None
        given = task.get("annotations") if isinstance(task, dict) else None
        if not isinstance(data, dict) or not isinstance(given, list | None):
            raise UserError(f"task {number}: no 'data', or 'annotations' that are no list")
        match = by_pair.get(str(data.get("pair")))
        for annotation in _by_time(given or [], number):
            if annotation.get("was_cancelled"):
                left_out["cancelled"] += 1
            elif match is None:
                left_out["unknown pair"] += 1
            else:
                name, pair = _annotator(annotation, names or {}, number), str(data["pair"])
                said, time = found.setdefault(name, {}), _time(annotation)
                left_out["repeated"] += pair in said
                verdict = _verdict(annotation, kind, number)
                # The same pair may stand in several tasks: the latest counts.
                if time >= last.get((name, pair), ""):
                    said[pair], last[name, pair] = (match, verdict), time
    return Imported({name: list(said.values()) for name, said in found.items()}, +left_out)


def import_label_studio(
    path: str | Path,
    matches: Sequence[Match],
    store: Storage,
    kind: VerdictKind | str = VerdictKind.LABELS,
    *,
    names: Mapping[int | str, str] | None = None,
    instructions: str | None = None,
) -> Imported:
    """Read an export of Label Studio and keep its verdicts as those of people.

    Parameters
    ----------
    path : str or Path
        The export, in the format JSON.
    matches, kind, names
        See ``from_label_studio``.
    store : Storage
        A ``Store``, or another that does the same.
        A verdict that it has of the same person and pair stays.
    instructions : str, optional
        What the people were asked, where it was not the kind's own question.

    Raises
    ------
    UserError
        For a file that cannot be read or is no such export, or a store that cannot be written.
    """
    text = read_text(path, "Label Studio export")
    imported = from_label_studio(parse_json(text, str(path)), matches, kind, names=names)
    for name, rows in imported.verdicts.items():
        identity = annotator_identity(name, kind, instructions=instructions)
        digest = judge_digest(identity)
        store.put(identity, [(verdict_key(digest, m), m, verdict) for m, verdict in rows])
    return imported


def _pair(match: Match) -> str:
    """A name of the question, both texts in order and the repetition that tells nothing else."""
    return verdict_key("", match)


def _annotation(name: str, verdict: Verdict) -> dict[str, Any]:
    if verdict.status is not Status.PARSED:
        raise UserError(f"a verdict of {name} was not read, which an annotation cannot say")
    outcome = verdict.outcome
    if outcome in _SIDES:
        said = _region("better", "better", "pairwise", {"selected": _SIDES[outcome]})
    else:
        said = _region("alike", "question", "choices", {"choices": [outcome]})
    result = [said]
    if verdict.text:
        result.append(_region("note", "question", "textarea", {"text": [verdict.text]}))
    return {
        "result": result,
        "completed_by": {"email": name},
        "lead_time": verdict.seconds,
        "was_cancelled": False,
    }


def _region(name: str, target: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    # Label Studio names a pairwise control as its own target.
    return {"id": name, "from_name": name, "to_name": target, "type": kind, "value": value}


def _by_time(annotations: list[Any], number: int) -> list[dict[str, Any]]:
    if not all(isinstance(one, dict) for one in annotations):
        raise UserError(f"task {number}: an annotation is an object with a 'result'")
    return sorted(annotations, key=_time)


def _time(annotation: Mapping[str, Any]) -> str:
    return str(annotation.get("updated_at", ""))


def _annotator(annotation: Mapping[str, Any], names: Mapping[int | str, str], number: int) -> str:
    who = annotation.get("completed_by", "unknown")
    if isinstance(who, dict):
        who = next((who[key] for key in ("email", "username", "id") if key in who), "unknown")
    if not isinstance(who, str | int):
        raise UserError(
            f"task {number}: 'completed_by' is a number, an address or an object with one; got "
            f"{who!r:.60}"
        )
    return str(names.get(who, who))


def _verdict(annotation: Mapping[str, Any], kind: VerdictKind, number: int) -> Verdict:
    picked, note = set(), ""
    result = annotation.get("result")
    if not isinstance(result, list):
        raise UserError(f"task {number}: an annotation is an object with a 'result'")
    for region in result:
        value = region.get("value") if isinstance(region, dict) else None
        if not isinstance(value, dict) or region.get("from_name") not in _CONTROLS:
            continue
        if "selected" in value:
            turned = {side: outcome for outcome, side in _SIDES.items()}
            picked.add(turned.get(str(value["selected"]), "?"))
        picked |= set(map(str, _listed(value.get("choices"))))
        note = "\n".join(map(str, _listed(value.get("text")))) or note
    try:
        seconds = float(annotation.get("lead_time") or 0.0)
    except (TypeError, ValueError, OverflowError):
        seconds = 0.0
    if not 0 <= seconds < float("inf"):
        seconds = 0.0
    if len(picked) == 1 and picked <= {choice.outcome for choice in choices_of(kind)}:
        return verdict_said(picked.pop(), kind, note=note, seconds=seconds)
    reason = f"picked {', '.join(sorted(picked))}" if picked else "nothing was picked"
    return Verdict(Status.UNPARSED, text=note, reason=reason, seconds=seconds)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
