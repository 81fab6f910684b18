"""Logs of inspect_ai with pairwise grades, read as verdict tables, without inspect_ai.

A ``.json`` log is one object with ``eval`` and ``samples``; a ``.eval`` log is a ZIP archive with
``header.json`` and ``samples/*.json``, whose members are compressed with Zstandard. The layout was
read in logs that inspect_ai 0.3.285 wrote (with the scorers ``choice`` and ``model_graded_qa``).

Each sample is one comparison. What the judge said is, of the one scorer or of the one named: its
``value`` where that is a choice (a model-graded comparison), else its ``answer`` (a judge that was
itself evaluated on a multiple choice of two, whose ``target`` is then the gold).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pairjudge_lab.datasets.rows import listed, text_of
from pairjudge_lab.files.reading import parse_json, read_text, reading
from pairjudge_lab.records import UserError

CHOICES: Mapping[str, str] = {
    "A": "A", "B": "B", "tie": "tie", "Tie": "tie", "A>B": "A", "B>A": "B", "A=B": "tie",
    "1": "A", "2": "B",
}  # fmt: skip
"""What a grade means. C is none of them: it is inspect_ai's word for a correct answer, so a judge
that says C for a tie needs ``choices`` of its own."""

LARGEST = 2**30
"""Bytes that one sample of a log may take, unpacked."""

_ZSTANDARD = 93

_SHUFFLED = "Choices were shuffled"
_TURNED = {"A": "B", "B": "A"}


def inspect_rows(
    path: Path, *, scorer: str | None = None, choices: Mapping[str, str] = CHOICES
) -> Iterator[dict[str, Any]]:
    """Rows of a verdict table from a log of inspect_ai.

    Parameters
    ----------
    path : Path
        A ``.eval`` or ``.json`` log.
    scorer : str, optional
        The scorer whose grades are the verdicts, where there are several.
    choices : mapping, optional
        From a grade or an answer to ``A``, ``B`` or ``tie``.

    Yields
    ------
    dict
        ``judge`` (the grader's model where the log names it, else the evaluated model),
        ``repetition`` (the epoch, from 0), ``problem_id``, ``response_a`` and ``response_b`` (as
        the sample's metadata call them, else its id, ``A`` and ``B``), ``verdict``, ``gold`` and
        ``text``. A sample without a grade, or whose grade is missing, was not read: ``invalid``.

    Raises
    ------
    UserError
        No log, several scorers and none named, more than two choices, or a grade that means
        nothing here.
    """
    header, samples = _log(path)
    model = text_of(header.get("model")) or "inspect"
    for number, sample in enumerate(samples, 1):
        where = f"{path}, sample {number}"
        if not isinstance(sample, Mapping):
            raise UserError(f"{where}: a sample is an object; got {type(sample).__name__}")
        options = sample.get("choices")
        if isinstance(options, list) and len(options) > 2:
            raise UserError(
                f"{where}: {len(options)} choices; a verdict table holds comparisons of two"
            )
        metadata = sample.get("metadata")
        known = metadata if isinstance(metadata, Mapping) else {}
        score = _score(sample, scorer, where)
        grade = _grade(score, choices, where)
        target = sample.get("target")
        if isinstance(target, list):
            target = target[0] if len(target) == 1 else None
        # Of a model-graded comparison the target is the problem's own answer.
        gold = choices.get(str(target)) if isinstance(options, list) else None
        graded = score.get("value") in ("C", "I") and {grade, gold} <= {"A", "B"}
        if graded and (score["value"] == "C") != (grade == gold):
            raise UserError(f"{where}: its answer, its target and its grade contradict each other")
        epoch = sample.get("epoch", 1)
        if not isinstance(epoch, int) or epoch < 1:
            raise UserError(f"{where}: epoch is a whole number from 1; got {epoch!r:.60}")
        named = (
            text_of(known.get("response_a")) or "A",
            text_of(known.get("response_b")) or "B",
        )
        turned = _is_turned(score, options, where)
        if turned:
            named = named[::-1]
            grade, gold = _TURNED.get(grade, grade), _TURNED.get(str(gold))
        row = {
            "judge": _grader(score) or model,
            "repetition": epoch - 1,
            "problem_id": text_of(known.get("problem_id")) or str(sample.get("id")),
            "response_a": named[0],
            "response_b": named[1],
            "verdict": grade,
            "gold": gold if gold in ("A", "B") else None,
            "text": str(score.get("explanation") or ""),
        }
        yield row


def _is_turned(score: Mapping[str, Any], options: Any, where: str) -> bool:
    """Whether the second choice was shown first: inspect_ai turns answers back, and the explanation
    holds the prompt with the choices as they were shown.

    Raises
    ------
    UserError
        When choices were shuffled and the explanation does not tell how.
    """
    said = str(score.get("explanation") or "")
    if not said.startswith(_SHUFFLED):
        return False
    if isinstance(options, list) and len(options) == 2:
        first, second = (f"A) {option}" in said for option in options)
        if first != second:
            return second
    raise UserError(
        f"{where}: its choices were shuffled, and which was shown first is not told; log without "
        "shuffling"
    )


def _log(path: Path) -> tuple[Mapping[str, Any], Iterator[Mapping[str, Any]]]:
    """The header's ``eval`` and the samples, one after another."""
    with reading(path):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                header = _json(archive, archive.getinfo("header.json"), path)
            samples = _samples(path)
        elif path.suffix == ".eval":
            raise UserError(f"{path} is no log of inspect_ai: it is no ZIP archive")
        else:
            header = parse_json(read_text(path), str(path))
            given = header.get("samples") if isinstance(header, dict) else None
            samples = iter(given if isinstance(given, list) else [])
    if not isinstance(header, dict) or not isinstance(header.get("eval"), dict):
        raise UserError(f"{path} is no log of inspect_ai: it has no 'eval'")
    return header["eval"], samples


def _samples(path: Path) -> Iterator[Mapping[str, Any]]:
    with reading(path), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.filename.startswith("samples/"):
                yield _json(archive, info, path)


def _json(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Any:
    where = f"{path}, {info.filename}"
    try:
        text = _member(archive, info).decode("utf-8")
    except (OSError, ValueError, zipfile.BadZipFile) as problem:
        raise UserError(f"{where}: cannot be read: {problem}") from None
    return parse_json(text, where)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of an archive's member, also where it is compressed with Zstandard."""
    if info.file_size > LARGEST:
        raise ValueError(f"{info.file_size} bytes are more than the {LARGEST} that are read")
    if info.compress_type != _ZSTANDARD:
        return archive.read(info)
    # Python reads Zstandard in archives from 3.14 on only; pyarrow unpacks it everywhere.
    import pyarrow as pa

    assert archive.fp is not None
    archive.fp.seek(info.header_offset)
    local = archive.fp.read(30)
    name, extra = (int.from_bytes(local[i : i + 2], "little") for i in (26, 28))
    archive.fp.seek(info.header_offset + 30 + name + extra)
    packed = archive.fp.read(info.compress_size)
    try:
        data: bytes = pa.Codec("zstd").decompress(
            packed, decompressed_size=info.file_size, asbytes=True
        )
    except (OSError, pa.ArrowException) as problem:
        raise ValueError(str(problem)) from None
    if zlib.crc32(data) != info.CRC:
        raise ValueError("its checksum is wrong")
    return data


def _score(sample: Mapping[str, Any], scorer: str | None, where: str) -> Mapping[str, Any]:
    scores = sample.get("scores") or {}
    if not isinstance(scores, Mapping):
        raise UserError(f"{where}: scores are an object; got {type(scores).__name__}")
    if scorer is None and len(scores) > 1:
        raise UserError(
            f"{where}: there are several scorers ({listed(scores)}); say whose grades are the "
            "verdicts, as in scorer='choice'"
        )
    if scorer is not None and scores and scorer not in scores:
        raise UserError(f"{where}: no scorer {scorer!r}; there are: {listed(scores)}")
    found = scores.get(scorer) if scorer is not None else next(iter(scores.values()), None)
    return found if isinstance(found, Mapping) else {}


def _grade(score: Mapping[str, Any], choices: Mapping[str, str], where: str) -> str:
    """The verdict: of a comparison's value, else of the answer to a multiple choice."""
    value, answer = score.get("value"), score.get("answer")
    if value is None or value != value:
        return "invalid"
    if isinstance(value, str) and value in choices:
        return choices[value]
    said = value
    if value in ("C", "I", 0, 1):  # right or wrong, so that the answer is the verdict
        said = answer.strip() if isinstance(answer, str) else ""
        if said in choices:
            return choices[said]
        if not said:
            return "invalid"
    raise UserError(
        f"{where}: the grade {said!r:.60} means neither response nor a tie; grades: "
        f"{', '.join(choices)}; say what it means, as in choices={{'First': 'A', 'Second': 'B'}}"
    )


def _grader(score: Mapping[str, Any]) -> str | None:
    """The model that graded, as model_graded_qa leaves it in the score's metadata."""
    metadata = score.get("metadata")
    grading = metadata.get("grading") if isinstance(metadata, Mapping) else None
    if not isinstance(grading, Sequence):
        return None
    models = [m.get("model") for m in grading if isinstance(m, Mapping) and m.get("model")]
    return str(models[-1]) if models else None
