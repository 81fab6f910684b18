"""Judgments to train on: rows of prompt and completion, in and out.

A row is a conversation: ``prompt`` holds the messages that ask, ``completion`` the assistant's
answer. Rows that the lab wrote also hold the question, both responses, their truth and their
places in the pool, so that a rival can be trained on the same pairs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from pairjudge_lab.extras import naming_extras
from pairjudge_lab.files.reading import DEEPEST, json_lines, reading, regular_file, sound
from pairjudge_lab.records import UserError

Message = dict[str, str]
SPLITS = ("train", "held_out")


@dataclass(frozen=True, slots=True)
class Judgment:
    """One judgment.

    ``completion`` is the assistant's text. What an imported row does not say is None: labels, and
    the pair that was judged.
    """

    prompt: tuple[Message, ...]
    completion: str
    problem_id: str = ""
    question: str | None = None
    response_a: str | None = None
    response_b: str | None = None
    a: int | None = None
    b: int | None = None
    a_correct: bool | None = None
    b_correct: bool | None = None

    def to_row(self) -> dict[str, Any]:
        """The row on disk: prompt and completion as lists of messages, as trainers expect them."""
        row = asdict(self)
        row["prompt"] = list(self.prompt)
        row["completion"] = [{"role": "assistant", "content": self.completion}]
        return row


def read_folder(folder: Path, split: str = "train") -> Iterator[Judgment]:
    """The judgments of a folder that ``annotate`` wrote.

    Raises
    ------
    UserError
        No such folder or split, or a row that is none.
    """
    path = folder / f"{split}.jsonl"
    if not path.is_file():
        raise UserError(f"{folder} holds no {path.name}; make it with 'pairjudge-lab annotate'")
    yield from read_judgments(path)


def read_judgments(path: Path) -> Iterator[Judgment]:
    """The judgments of a JSON or JSONL file, one after another: memory does not grow with the file.

    PairJudge-432K is one JSON array of 3.45 GB. Its layout is found among the common ones:
    ``messages``, ``conversations`` (``from`` and ``value``), ``prompt`` and ``completion`` (or
    ``response``, ``output``), ``instruction`` (and ``input``) and ``output``.

    Raises
    ------
    UserError
        A file that is not there, no JSON, empty, or of another layout; the message shows the first
        row.
    """
    regular_file(path)
    layout: Callable[[Mapping[str, Any]], Judgment] | None = None
    for number, row in enumerate(_rows(path), 1):
        if layout is None:
            layout = find_layout(row, str(path))
        try:
            yield layout(row)
        except UserError as problem:
            raise UserError(f"{path}, row {number}: {problem}") from None
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise UserError(f"{path}, row {number}: not like the first: {_shown(row)}") from None
    if layout is None:
        raise UserError(f"{path} holds no rows")


def read_hub(name: str) -> Iterator[Judgment]:
    """The judgments of a dataset on the Hugging Face hub, streamed.

    Raises
    ------
    UserError
        When it is not there, or its layout is none of the common ones.
    """
    from datasets import load_dataset

    try:
        rows = load_dataset(name, split="train", streaming=True)
    except (OSError, ValueError) as problem:
        first = (str(problem).strip().splitlines() or [""])[0]
        raise UserError(f"cannot read the dataset {name!r} from the hub: {first}") from None
    layout = None
    for row in rows:
        layout = layout or find_layout(row, name)
        yield layout(row)


def find_layout(row: Any, where: str) -> Callable[[Mapping[str, Any]], Judgment]:
    """How rows like this one are read.

    Raises
    ------
    UserError
        For none of the common layouts; the message shows the row.
    """
    names = set(row) if isinstance(row, Mapping) else set()
    if "messages" in names:
        return lambda row: _from_chat(row["messages"], "role", "content", row)
    if "conversations" in names:
        return lambda row: _from_chat(row["conversations"], "from", "value", row)
    if "instruction" in names and "output" in names:
        return lambda row: _from_texts(_joined(row), row["output"], row)
    if "prompt" in names:
        for answer in ("completion", "response", "output"):
            if answer in names:
                return lambda row, answer=answer: _from_texts(  # type: ignore[misc]
                    row["prompt"], row[answer], row
                )
    raise UserError(
        f"{where}: its layout is none of messages, conversations, prompt and completion, "
        f"instruction and output; the first row is {_shown(row)}"
    )


_ROLES = {
    "human": "user",
    "gpt": "assistant",
    "user": "user",
    "assistant": "assistant",
    "system": "system",
}


def _from_chat(said: Any, who: str, what: str, row: Mapping[str, Any]) -> Judgment:
    # Some datasets name the keys of the other layout.
    who, what = (who, what) if who in said[0] else ("role", "content")
    messages = [{"role": _ROLES[m[who]], "content": str(m[what])} for m in said]
    if len(messages) < 2 or messages[-1]["role"] != "assistant":
        raise ValueError("a conversation ends with the assistant's answer")
    return _judgment(messages[:-1], messages[-1]["content"], row)


def _from_texts(prompt: Any, completion: Any, row: Mapping[str, Any]) -> Judgment:
    asked = (
        [{"role": "user", "content": prompt}]
        if isinstance(prompt, str)
        else [{"role": _ROLES[m["role"]], "content": str(m["content"])} for m in prompt]
    )
    said = completion if isinstance(completion, str) else completion[-1]["content"]
    return _judgment(asked, said, row)


def _joined(row: Mapping[str, Any]) -> str:
    more = row.get("input") or ""
    return f"{row['instruction']}\n\n{more}" if more else str(row["instruction"])


_SECTIONS = {
    place: re.compile(rf"<{place}>(.*?)</{place}>", re.DOTALL)
    for place in ("question", "response_a", "response_b")
}


def _judgment(prompt: list[Message], completion: str, row: Mapping[str, Any]) -> Judgment:
    if not completion.strip() or not any(m["content"].strip() for m in prompt):
        raise ValueError("an empty prompt or completion")
    known = {
        name: row[name]
        for name in ("question", "response_a", "response_b", "a", "b", "a_correct", "b_correct")
        if row.get(name) is not None
    }
    _check_kinds(known)
    if "question" not in known:
        # The tags that fence a pair in the prompt say what was judged, where they stand there once.
        asked = prompt[-1]["content"]
        found = {place: pattern.findall(asked) for place, pattern in _SECTIONS.items()}
        if all(len(texts) == 1 for texts in found.values()):
            known |= {place: texts[0].strip() for place, texts in found.items()}
    problem = str(row.get("problem_id") or known.get("question") or "")
    return Judgment(tuple(prompt), completion, problem, **known)


def _check_kinds(known: Mapping[str, Any]) -> None:
    """Truth is true or false: the text "false" would count as true."""
    for name, value in known.items():
        if name.endswith("_correct"):
            sound, what = isinstance(value, bool), "true or false"
        elif name in ("a", "b"):
            sound, what = isinstance(value, int) and not isinstance(value, bool), "a whole number"
        else:
            sound, what = isinstance(value, str), "a text"
        if not sound:
            raise UserError(f"{name} is {what}, or absent; got {value!r:.40}")


def _rows(path: Path) -> Iterator[Any]:
    """The rows of a JSON array or of JSON lines, without holding the file."""
    with reading(path):
        with path.open("rb") as stream:
            lead = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
            if lead.startswith(b"["):
                stream.seek(0)
                yield from _array(stream, path)
                return
        for _, row in json_lines(path):
            yield row


def _array(stream: IO[bytes], path: Path) -> Iterator[Any]:
    """The items of the array at the top of a stream."""
    with naming_extras():
        import ijson
    builder, depth = ijson.ObjectBuilder(), 0
    try:
        # Bare events: ijson's own reader of items keeps a path to each, as long as it is deep.
        for event, value in ijson.basic_parse(stream, use_float=True):
            begins, ends = event.startswith("start_"), event.startswith("end_")
            depth -= ends
            if depth > 0:
                builder.event(event, value)
                if depth == 1 and not begins:
                    yield sound(builder.value)
                    builder = ijson.ObjectBuilder()
            depth += begins
            if depth > DEEPEST:
                raise UserError(f"{path}: more than {DEEPEST} levels of brackets")
    except ijson.JSONError as problem:
        first = str(problem).strip().splitlines()[0]
        raise UserError(f"{path} is not sound JSON: {first}") from None


def _shown(row: Any) -> str:
    text = json.dumps(row, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else text[:300] + "..."
