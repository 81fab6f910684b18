"""The same 200 matches through every way of running one model: do the verdicts agree?

    python benchmarks/backends.py
    python benchmarks/backends.py --model FOLDER --out out/backends

Without ``--model`` it is the small judge. With it, a folder of safetensors is judged with through
transformers, transformers' own server, two Ray replicas and vLLM (the interpreter in
``PAIRJUDGE_VLLM_PYTHON``, or of ``make vllm``), each in a process of its own, its verdicts kept
in a file of ``--out``; a way whose file is there is not run again.
``python -m tests.judges.safetensors_folder MODEL.gguf FOLDER`` makes such a folder.

Greedy decoding differs between backends only where two tokens are nearly as likely: sums in
batches of another shape are rounded otherwise, and one turned token changes the rest of the text.
Every difference is counted, and the margin between the two tokens at the place where the texts
part is shown: that is the cause.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from pairjudge_lab.arena import Arena, all_ordered_pairs
from pairjudge_lab.datasets.pools import load_pools
from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.judges.loading import load_judge
from pairjudge_lab.judges.text_judge import TextJudge
from pairjudge_lab.records import Match, Verdict
from pairjudge_lab.store import Store

ROOT = Path(__file__).parent.parent
COUNT = 200

SERVE = """
import time
from tests.judges.small_server import small_server
with small_server() as server:
    print(server.address, flush=True)
    time.sleep(3600)
"""


def distinct(count: int) -> list[Match]:
    found: dict[tuple[str, str, str], Match] = {}
    for pool in load_pools("embedded"):
        for match in all_ordered_pairs(pool.first(4)):
            found.setdefault((match.question, match.response_a, match.response_b), match)
    return list(found.values())[:count]


def through_a_server(matches: Sequence[Match]) -> list[Verdict]:
    options = ModelOptions(template=data_path("tiny-judge") / "judge_template.md")
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            judge = load_judge(f"{process.stdout.readline().strip()}#tiny", options)
            return Arena(judge).judge(matches)
        finally:
            process.terminate()


def through_ray(matches: Sequence[Match]) -> list[Verdict]:
    judge = load_judge("ray:2:tiny", ModelOptions(batch_size=32))
    try:
        return Arena(judge).judge(matches)
    finally:
        judge.engine.close()


def bare(text: str) -> str:
    """The text without its stop string, which some backends keep and some take."""
    return text.strip().removesuffix("</resp_b_judge>")


def margin(judge: TextJudge, match: Match, one: str, other: str) -> float:
    """Log-odds between the two tokens at which two texts of a match part, by one pass alone."""
    import torch

    (request,) = judge.requests(match)
    prompt = list(judge.engine.encoder.encode(request, judge.config).ids)
    tokenizer = judge.engine.tokenizer
    # The end of a text is a token too: one may end where the other goes on.
    texts = [
        [*tokenizer(t, add_special_tokens=False).input_ids, tokenizer.eos_token_id]
        for t in (one, other)
    ]
    shared = next(i for i, (a, b) in enumerate(zip(*texts, strict=False)) if a != b)
    ids = torch.tensor([prompt + texts[0][:shared]])
    with torch.inference_mode():
        logits = judge.engine.model(input_ids=ids).logits[0, -1].double()
    return float(abs(logits[texts[0][shared]] - logits[texts[1][shared]]))


Told = list[tuple[str, str]]
"""Of each match: the verdict's outcome, and its text."""


def told(verdicts: Sequence[Verdict]) -> Told:
    return [(f"{v.a_correct} {v.b_correct} {v.status.value}", bare(v.text)) for v in verdicts]


def compare(
    name: str, judge: TextJudge, matches: list[Match], reference: Told, other: Told
) -> None:
    """Count what differs from the reference, and show how near the tie was."""
    parted = [
        (match, one[1], two[1])
        for match, one, two in zip(matches, reference, other, strict=True)
        if one[1] != two[1]
    ]
    same = sum(one[0] == two[0] for one, two in zip(reference, other, strict=True))
    print(f"{name:26} same verdict {same}, same text {len(matches) - len(parted)}")
    for match, one, two in parted:
        print(f"{'':26} parted at a margin of {margin(judge, match, one, two):.2g} in log-odds")


def small(matches: list[Match]) -> None:
    """The small judge, in this process but for its server and its replicas."""
    alone = load_judge("tiny", ModelOptions(batch_size=1))
    assert isinstance(alone, TextJudge)
    reference = told(alone.judge(matches))
    ways = {
        "batches of 64": load_judge("tiny", ModelOptions(batch_size=64)).judge(matches),
        "a server": through_a_server(matches),
        "two Ray replicas": through_ray(matches),
    }
    print(f"{len(matches)} matches, against one at a time in this process")
    for name, verdicts in ways.items():
        compare(name, alone, matches, reference, told(verdicts))


WAYS = ("transformers", "transformers serve", "ray", "vllm")
NEW_TOKENS = 96
SERVED_AT = 8397


def run_way(way: str, model: Path, matches: list[Match], out: Path) -> None:
    """Judge with the model in one way, in this process, and write what it said.

    What was judged is kept in a store beside it, so that a run that is stopped goes on.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with Store(out.with_suffix(".sqlite")) as store:
        out.write_text(json.dumps(told(judged(way, model, matches, out, store))))


def judged(
    way: str, model: Path, matches: list[Match], out: Path, store: Store
) -> Sequence[Verdict]:
    options = ModelOptions(batch_size=16, dtype="float32", max_new_tokens=NEW_TOKENS)
    if way == "transformers serve":
        from tests.judges.transformers_server import transformers_server

        # One address in every run: it is part of what a stored verdict is known by.
        log = out.with_suffix(".log")
        with transformers_server(model, log, 600, SERVED_AT) as address:
            return Arena(load_judge(f"{address}#{model}", options), store).judge(matches)
    before = {"transformers": "", "ray": "ray:2:", "vllm": "vllm:"}[way]
    judge = load_judge(f"{before}{model}", options)
    verdicts = Arena(judge, store).judge(matches)
    if way == "ray":
        judge.engine.close()
    return verdicts


def real(model: Path, matches: list[Match], out: Path) -> None:
    """One real model in every way; each runs in a process of its own."""
    out.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("PAIRJUDGE_VLLM_PYTHON", ROOT / "build" / "vllm" / "bin" / "python")
    texts: dict[str, Told] = {}
    for way in WAYS:
        python, file = Path(given if way == "vllm" else sys.executable), out / f"{way}.json"
        if not python.exists():
            print(f"{way}: not run, no interpreter at {python}")
            continue
        if not file.exists():
            command = [python, __file__, "--model", model, "--out", file, "--way", way]
            subprocess.run([*command, "--matches", str(len(matches))], check=True)
        texts[way] = [(verdict, text) for verdict, text in json.loads(file.read_text())]
    judge = load_judge(str(model), ModelOptions(dtype="float32", max_new_tokens=NEW_TOKENS))
    assert isinstance(judge, TextJudge)
    reference = texts.pop(WAYS[0])
    print(f"{len(matches)} matches of {model.name}, against {WAYS[0]} in batches of 16")
    print("verdicts: " + str(Counter(verdict for verdict, _ in reference)))
    for way, other in texts.items():
        compare(way, judge, matches, reference, other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a folder of safetensors")
    parser.add_argument("--out", type=Path, default=Path("out/backends"))
    parser.add_argument("--matches", type=int, default=COUNT)
    parser.add_argument("--way", choices=WAYS, help="run this one and write its verdicts to --out")
    given = parser.parse_args()
    matches = distinct(given.matches)
    if given.way:
        run_way(given.way, given.model.resolve(), matches, given.out)
    elif given.model:
        real(given.model.resolve(), matches, given.out)
    else:
        small(matches)


if __name__ == "__main__":
    main()
