"""Fetching against a server of the test's own on this machine."""

import gc
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pairjudge_lab.datasets.fetching import Remote, fetch, files_here
from pairjudge_lab.records import UserError


@pytest.fixture
def server():
    """Serves what is put into ``server.files`` by path; ``server.asked`` says what was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            files = self.server.files
            nothing = (404, {"X-Error-Code": "EntryNotFound"}, b"nothing here")
            found = files.get(self.path) or files.get(self.path.split("?")[0]) or nothing
            status, headers, body = found
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self):
            self.do_GET()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.files, httpd.asked = {}, []
        httpd.url = f"http://127.0.0.1:{httpd.server_address[1]}"
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


def digest(body):
    return hashlib.sha256(body).hexdigest()


def test_files_are_fetched_once_and_their_checksums_kept(server, tmp_path):
    bodies = {"a.jsonl": b'{"x": 1}\n', "sub/b.jsonl": b'{"x": 2}\n'}
    server.files = {f"/{name}": (200, {}, body) for name, body in bodies.items()}
    remote = Remote(
        tuple(bodies),
        urls=tuple(f"{server.url}/{name}" for name in bodies),
        checksums={"a.jsonl": digest(bodies["a.jsonl"])},
    )
    folder = tmp_path / "data"
    assert files_here(remote, folder) == []
    paths = fetch(remote, folder, "mine")
    assert {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths} == bodies
    sums = (folder / "SHA256SUMS").read_text()
    assert sums == f"{digest(bodies['sub/b.jsonl'])}  sub/b.jsonl\n"
    server.asked.clear()
    assert fetch(remote, folder, "mine") == paths
    assert server.asked == []


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    server.files = {"/a.jsonl": (200, {}, b"tampered")}
    remote = Remote(
        ("a.jsonl",), urls=(f"{server.url}/a.jsonl",), checksums={"a.jsonl": digest(b"as it was")}
    )
    with pytest.raises(UserError, match=r"does not have the checksum .*nothing was kept"):
        fetch(remote, tmp_path, "mine")
    assert files_here(remote, tmp_path) == []


# requests leaves a refused connection to the garbage collector, which then complains of it.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_what_is_not_there_is_said_in_one_line(server, tmp_path):
    remote = Remote(("a.jsonl",), urls=(f"{server.url}/a.jsonl",))
    with pytest.raises(UserError) as caught:
        fetch(remote, tmp_path, "mine")
    message = str(caught.value)
    del caught
    gc.collect()
    assert "\n" not in message
    assert f"could not be fetched from {server.url}/a.jsonl" in message
    assert f"by hand, place a.jsonl from {server.url}/a.jsonl in {tmp_path}" in message


NO_CONNECTION = """
from pathlib import Path
from pairjudge_lab.datasets.fetching import Remote, fetch
from pairjudge_lab.records import UserError
try:
    fetch(Remote(("a.jsonl",), urls=("http://127.0.0.1:9/a.jsonl",)), Path("folder"), "mine")
except UserError as problem:
    print(problem)
"""


def test_without_a_connection_the_message_says_where_to_put_what(tmp_path):
    # Nothing listens on port 9 of this machine.
    run = subprocess.run(
        [sys.executable, "-c", NO_CONNECTION],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    url = "http://127.0.0.1:9/a.jsonl"
    assert run.stdout == (
        f"mine is not here and could not be fetched from {url} (no connection); by hand, place "
        f"a.jsonl from {url} in folder\n"
    )


def tar_of(name, body):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(body)
        tar.addfile(info, io.BytesIO(body))
    return stream.getvalue()


def test_an_archive_is_unpacked_inside_its_folder(server, tmp_path):
    remote = Remote(("*.jsonl",), urls=(f"{server.url}/all.tar.gz",), archive=True)
    server.files = {"/all.tar.gz": (200, {}, tar_of("deep/a.jsonl", b"{}\n"))}
    (path,) = fetch(remote, tmp_path / "good", "mine")
    assert path.read_bytes() == b"{}\n"
    assert not list((tmp_path / "good").glob("*.tar.gz"))
    for wicked in (tar_of("../../outside.jsonl", b"{}\n"), b"no archive"):
        server.files = {"/all.tar.gz": (200, {}, wicked)}
        with pytest.raises(UserError, match="cannot be unpacked"):
            fetch(remote, tmp_path / "bad" / "inner", "mine")
        assert not (tmp_path / "outside.jsonl").exists()


def test_patterns_need_a_file_each(tmp_path):
    remote = Remote(("data/a-*.jsonl", "b.json"), repository="x/y")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a-1.jsonl").touch()
    assert files_here(remote, tmp_path) == []
    (tmp_path / "b.json").touch()
    assert [p.name for p in files_here(remote, tmp_path)] == ["a-1.jsonl", "b.json"]


def ask_hub(server, tmp_path, code):
    """Runs code in a process whose hub is the server; what it printed."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": server.url,
        "HF_HOME": str(tmp_path / "hf"),
        "PAIRJUDGE_LAB_DATA": str(tmp_path / "lab"),
        "HF_HUB_DISABLE_XET": "1",
    }
    environment.pop("HF_HUB_OFFLINE", None)
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


TRY = """
from pairjudge_lab import UserError, load_problems
for source in {sources!r}:
    try:
        print(load_problems(source))
    except UserError as problem:
        print(problem)
"""
REVISION = "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be"


def test_gated_and_absent_datasets_say_so(server, tmp_path):
    refusal = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."}
    for path in (
        f"/api/datasets/HuggingFaceH4/MATH-500/revision/{REVISION}",
        "/api/datasets/some/gated/revision/main",
        "/api/datasets/some/gated",
    ):
        server.files[path] = (403, refusal, b"{}")
    missing = (404, {"X-Error-Code": "RepoNotFound"}, b"{}")
    server.files["/api/datasets/no/such/revision/main"] = missing
    said = ask_hub(server, tmp_path, TRY.format(sources=["math-500", "some/gated", "no/such"]))
    gated, by_id, absent = said.splitlines()
    for line, source, name in (
        (gated, "math-500", "HuggingFaceH4/MATH-500"),
        (by_id, "some/gated", "some/gated"),
    ):
        assert line == (
            f"{source} is gated: ask for access at https://huggingface.co/datasets/{name}, then "
            "log in with 'hf auth login' (or set HF_TOKEN) and try again"
        )
    assert absent.startswith("no/such: there is no dataset at https://huggingface.co/datasets/no/s")
    assert absent.endswith("(if a file was meant: there is none at no/such)")


BY_ID = """
from pairjudge_lab import UserError, load_problems
for split in ("test", None, "dev"):
    try:
        print(load_problems("some/data", split=split, columns={"problem": "question"}))
    except UserError as problem:
        print(problem)
"""


def test_a_hub_id_is_read_through_datasets(server, tmp_path):
    revision = "a" * 40
    names = ("test.jsonl", "train.jsonl")
    info = {
        "id": "some/data", "sha": revision, "private": False, "gated": False, "disabled": False,
        "downloads": 0, "likes": 0, "tags": [], "siblings": [{"rfilename": n} for n in names],
    }  # fmt: skip
    body = b'{"question": "2 + 3?", "answer": "5"}\n{"question": "2 + 4?", "answer": "6"}\n'
    tree = [{"type": "file", "oid": "0" * 40, "size": len(body), "path": n} for n in names]
    answer = {"Content-Type": "application/json"}
    for path in ("", "/revision/main", f"/revision/{revision}"):
        server.files[f"/api/datasets/some/data{path}"] = (200, answer, json.dumps(info).encode())
    server.files[f"/api/datasets/some/data/tree/{revision}"] = (
        200, answer, json.dumps(tree).encode(),
    )  # fmt: skip
    for name in names:
        server.files[f"/datasets/some/data/resolve/{revision}/{name}"] = (
            200, {"ETag": '"abc"', "X-Repo-Commit": revision}, body,
        )  # fmt: skip
    read, several, unknown = ask_hub(server, tmp_path, BY_ID).splitlines()
    assert read == (
        "[Problem(id='0', question='2 + 3?', answer='5'), "
        "Problem(id='1', question='2 + 4?', answer='6')]"
    )
    assert several == (
        "some/data has the splits train, test; name one, as in split='test' or --split test"
    )
    assert unknown == "some/data: Unknown split \"dev\". Should be one of ['train', 'test']."


WITHOUT_HUB = """
import sys
sys.modules["huggingface_hub"] = sys.modules["datasets"] = None
"""


def test_without_huggingface_hub_files_come_over_http(server, tmp_path):
    row = {"id": 1, "problem": "q", "answer": "2"}
    body = (json.dumps(row) + "\n").encode()
    files = "/datasets/math-ai/aime25/resolve/563bb8404243c5f09de6ec262f2db674fe5bce9b/test.jsonl"
    server.files = {files: (200, {}, body)}
    sources = ["aime-2025", "some/id"]
    code = WITHOUT_HUB + TRY.format(sources=sources)
    wrong, by_id = ask_hub(server, tmp_path, code).splitlines()
    assert wrong.startswith(f"{server.url}{files} does not have the checksum b4e273c02d3e...")
    assert by_id == "this needs datasets: pip install 'pairjudge-lab[models]'"
    gsm8k = "/datasets/openai/gsm8k/resolve/main/main/test-00000-of-00001.parquet"
    server.files = {gsm8k: (401, {}, b"")}
    (said,) = ask_hub(server, tmp_path, WITHOUT_HUB + TRY.format(sources=["gsm8k"])).splitlines()
    assert "it may be gated: install huggingface_hub and log in" in said


def test_a_file_of_the_hub_is_fetched_at_its_revision_and_checked(server, tmp_path):
    body = b'{"unique_id": "1", "problem": "q", "answer": "2"}\n'
    api = f"/api/datasets/HuggingFaceH4/MATH-500/revision/{REVISION}"
    tree = f"/api/datasets/HuggingFaceH4/MATH-500/tree/{REVISION}?recursive=true&expand=false"
    file = f"/datasets/HuggingFaceH4/MATH-500/resolve/{REVISION}/test.jsonl"
    info = {
        "id": "HuggingFaceH4/MATH-500", "sha": REVISION, "private": False, "gated": False,
        "disabled": False, "downloads": 0, "likes": 0, "tags": [],
        "siblings": [{"rfilename": "test.jsonl"}],
    }  # fmt: skip
    listed = [{"type": "file", "oid": "0" * 40, "size": len(body), "path": "test.jsonl"}]
    json_type = {"Content-Type": "application/json"}
    server.files = {
        api: (200, json_type, json.dumps(info).encode()),
        tree: (200, json_type, json.dumps(listed).encode()),
        file: (200, {"ETag": '"abc"', "X-Repo-Commit": REVISION}, body),
    }
    said = ask_hub(server, tmp_path, TRY.format(sources=["math-500"]))
    # It is fetched, and it is not the file whose checksum is known.
    assert file in server.asked, server.asked
    assert said.startswith("test.jsonl of HuggingFaceH4/MATH-500 does not have the checksum 35dc41")
    assert not list((tmp_path / "lab").rglob("test.jsonl"))
