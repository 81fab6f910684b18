"""Loading from the hub, against a small hub of our own on loopback."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pairjudge_lab.embedded import data_path

COMMIT = "c" * 40


class Hub(BaseHTTPRequestHandler):
    """Serves one folder as THU-KEG/PairJudge-RM, and a repository with pickles only."""

    folder: Path

    def files(self, repository):
        if repository == "THU-KEG/PairJudge-RM":
            return {p.name: p.read_bytes() for p in self.folder.iterdir() if p.is_file()}
        if repository == "someone/pickles":
            config = (self.folder / "config.json").read_bytes()
            return {"config.json": config, "pytorch_model.bin": b"\x80"}
        return None

    def answer(self, code, body=b"", **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        parts = self.path.partition("?")[0].strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        repository = "/".join(parts[2:4] if api else parts[:2])
        files = self.files(repository)
        if files is None:
            self.answer(404, b"{}", X_Error_Code="RepoNotFound")
        elif api and len(parts) > 4 and parts[4] == "tree":
            rows = [
                {"type": "file", "path": f, "size": len(b), "oid": "0"} for f, b in files.items()
            ]
            self.answer(200, json.dumps(rows).encode(), Content_Type="application/json")
        elif api:
            facts = {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": f} for f in files]}
            self.answer(200, json.dumps(facts).encode(), Content_Type="application/json")
        else:
            body = files.get("/".join(parts[4:]))
            if body is None:
                self.answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
                return
            etag = f'"{hashlib.sha256(body).hexdigest()}"'
            span = self.headers.get("Range")
            if span:
                begin, end = span.removeprefix("bytes=").split("-")
                part = body[int(begin) : int(end) + 1] if end else body[int(begin) :]
                total = f"bytes {begin}-{int(begin) + len(part) - 1}/{len(body)}"
                self.answer(206, part, ETag=etag, X_Repo_Commit=COMMIT, Content_Range=total)
            else:
                self.answer(200, body, ETag=etag, X_Repo_Commit=COMMIT, Accept_Ranges="bytes")

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def hub():
    handler = type("Here", (Hub,), {"folder": data_path("tiny-judge")})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(hub, home, *args):
    """Run a command with this hub, in a process of its own: the address is read at import."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    environment.pop("HF_HUB_OFFLINE", None)
    code = [sys.executable, "-m", "pairjudge_lab", *map(str, args)]
    return subprocess.run(code, env=environment, capture_output=True, text=True, timeout=240)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["THU-KEG/PairJudge-RM", "THU-KEG/PairJudgeRM"])
def test_a_model_is_loaded_by_its_id_and_by_the_wrong_one_on_its_card(hub, tmp_path, name):
    template = data_path("tiny-judge") / "judge_template.md"
    done = ask(
        hub, tmp_path / "home", "select", "embedded", "--judge", name, "-n", 4, "--limit", 2,
        "--template", template, "--out", tmp_path / "out", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["judge"]["name"] == "THU-KEG/PairJudge-RM"
    assert summary["judge"]["engine"]["weights"] == COMMIT
    assert summary["verdicts"]["parsed"] > 0
    assert ("does not exist" in done.stderr) == (name == "THU-KEG/PairJudgeRM")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("someone/absent", "the hub has no model 'someone/absent'"),
        ("someone/pickles", "has no safetensors weights; other formats can run code"),
    ],
)
def test_what_cannot_be_loaded_is_one_clear_line(hub, tmp_path, name, message):
    done = ask(hub, tmp_path, "select", "embedded", "--judge", name, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_one_clear_line(tmp_path):
    closed = "http://127.0.0.1:9"
    done = ask(closed, tmp_path, "select", "embedded", "--judge", "a/b", "--out", tmp_path / "o")
    assert done.returncode == 2
    assert "the hub cannot be reached" in done.stderr
    assert done.stderr.count("\n") == 1
