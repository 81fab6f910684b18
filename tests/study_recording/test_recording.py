"""The recording script against a small server: it goes on where it was killed, and what it wrote
becomes pools and verdicts."""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pairjudge_lab import load_pools, load_verdicts

FOLDER = Path(__file__).parents[2] / "data" / "study"


class Handler(BaseHTTPRequestHandler):
    """Answers as llama-server does: solutions by seed, and labels that favour the first."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = []
        if body["n_predict"] == 1:
            lead = 0.9 if body["prompt"].endswith("<resp_a_judge>") else 0.2
            tops = [{"token": "Correct", "logprob": -1.0 + lead}, {"token": "In", "logprob": -1.0}]
            told, content = [{"top_logprobs": tops}], "Correct"
        elif "seed" in body and body["seed"] >= 1000:
            content = f"1 + {body['seed']}\n\\boxed{{{body['seed'] % 3}}}"
        elif "First solve" in body["prompt"]:
            content = "I looked, and found \\boxed{12}."
        else:
            content = "I looked.\n<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect"
        self.server.asked.append(body)
        if len(self.server.asked) == self.server.fail_at:
            self.send_error(500)
            return
        answer = {
            "content": content, "tokens_predicted": 9, "tokens_evaluated": 50, "stop_type": "eos",
            "completion_probabilities": told, "timings": {},
        }  # fmt: skip
        sent = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.fail_at = [], 0
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def record(server, out, *more):
    address = f"http://127.0.0.1:{server.server_address[1]}"
    words = ["--out", str(out), "--server", f"one={address}", "--server", f"two={address}"]
    words += ["--problems", "1", "--slots", "1", "--budget", "100"]
    words += [word.replace("ADDRESS", address) for word in more]
    return subprocess.run(
        [sys.executable, str(FOLDER / "record.py"), *words], capture_output=True, text=True
    )


def test_it_goes_on_where_it_stopped_and_becomes_pools_and_verdicts(server, tmp_path):
    out = tmp_path / "requests.jsonl"
    server.fail_at = 4
    failed = record(server, out)
    assert failed.returncode == 1
    assert "500" in failed.stdout
    before = out.read_text()
    # A kill in the middle of a line costs that line.
    out.write_text(before + '{"key": "half')
    server.fail_at = 0
    done = record(server, out)
    assert done.returncode == 0, done.stderr
    lines = out.read_text().splitlines()
    assert out.read_text().startswith(before)
    keys = [json.loads(line)["key"] for line in lines]
    assert len(keys) == len(set(keys))
    asked = len(server.asked)
    assert record(server, out).returncode == 0
    assert len(server.asked) == asked, "nothing is asked twice"

    made = subprocess.run(
        [sys.executable, str(FOLDER / "assemble.py"), str(out), "--out", str(tmp_path)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert ", 0 of them not used" in made.stdout
    (pool,) = load_pools(tmp_path / "pools.parquet")
    assert len(pool) == 32
    assert {c.source for c in pool.candidates} == {"one", "two"}
    assert {c.answer for c in pool.candidates} == {"0", "1", "2"}
    table = load_verdicts(tmp_path / "verdicts.parquet")
    labels = table[table["judge"] == "one, labels"]
    # Six candidates with three answers, two of each: 24 of 30 ordered pairs.
    assert len(labels) == 24
    assert (labels["verdict"] == "tie").all()
    assert labels["a_probability"].iloc[0] > labels["b_probability"].iloc[0] > 0.5
    reasoned = table[table["judge"].str.contains("reasoning")]
    # Three pairs in both orders; the repetitions at a temperature are a judge of their own.
    for more in ("", ", labels asked for"):
        some = reasoned[reasoned["judge"].str.endswith(" asked for") == bool(more)]
        assert some.groupby("judge")["repetition"].agg(["size", "max"]).T.to_dict("list") == {
            f"two, reasoning, lab{more}": [6, 0],
            f"two, reasoning, example{more}": [6, 0],
            f"two, reasoning, solve-first{more}": [6, 0],
            f"two, reasoning, lab, temperature 0.7{more}": [30, 4],
        }
    said = reasoned.groupby("judge")["verdict"].agg(set).to_dict()
    assert said["two, reasoning, lab"] == said["two, reasoning, lab, labels asked for"] == {"A"}
    # An answer without labels is unread as it was written, and its labels are asked for.
    assert said["two, reasoning, solve-first"] == {"invalid"}
    assert said["two, reasoning, solve-first, labels asked for"] == {"tie"}
    asked_for = reasoned[reasoned["judge"] == "two, reasoning, solve-first, labels asked for"]
    assert asked_for["text"].str.startswith("I looked, and found").all()
    assert asked_for["a_probability"].notna().all()
    # No two matches are drawn with the same random numbers, nor one twice.
    seeds = [body["seed"] for body in server.asked if body.get("temperature") == 0.7]
    assert len(seeds) == len(set(seeds)) == 30


def test_a_judge_that_solves_nothing(server, tmp_path):
    out = tmp_path / "requests.jsonl"
    record(server, out, "--judge", "three=ADDRESS")
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {r["what"]["kind"] for r in rows if r["model"] == "three"} == {"label"}

    def assembled(rows):
        out.write_text("".join(json.dumps(row) + "\n" for row in rows))
        words = [sys.executable, str(FOLDER / "assemble.py"), str(out), "--out", str(tmp_path)]
        assert subprocess.run(words, check=True, capture_output=True)
        table = load_verdicts(tmp_path / "verdicts.parquet")
        return table["judge"].value_counts()

    found = assembled(rows)
    assert found["three, labels"] == found["one, labels"] == 24
    (pool,) = load_pools(tmp_path / "pools.parquet")
    assert {c.source for c in pool.candidates} == {"one", "two"}
    # One of its verdicts is missing: the problem stays, without this judge.
    rows.remove([row for row in rows if row["model"] == "three"][-1])
    found = assembled(rows)
    assert "three, labels" not in found
    assert found["one, labels"] == 24


def test_prompts_are_chatml_and_keep_the_models_control_tokens_out(server, tmp_path):
    record(server, tmp_path / "requests.jsonl")
    for body in server.asked:
        parts = re.findall(r"<\|im_start\|>(\w+)\n", body["prompt"])
        assert parts[0] == "system"
        assert parts[-1] == "assistant"
        assert body["prompt"].count("<|im_end|>") == len(parts) - 1
        assert body["id_slot"] == 0
