"""A real inference server: transformers' own, with the small judge behind it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from pairjudge_lab import Arena, ModelOptions, load_judge, load_pools
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.embedded import data_path
from pairjudge_lab.records import Status

pytest.importorskip("fastapi", reason="the server needs transformers[serving]")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serves the small judge on a free port of this machine until the tests are done."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("serve") / "log"
    program = Path(sys.executable).with_name("transformers")
    with log.open("w") as out:
        process = subprocess.Popen(
            [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu",
             "--dtype", "float32", str(data_path("tiny-judge"))],
            stdout=out, stderr=out, env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(240):
            if process.poll() is not None:
                pytest.fail(f"the server ended: {log.read_text()[-2000:]}")
            try:
                if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.5)
        yield f"{url}/v1"
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.slow
def test_it_says_what_the_model_says_here(address):
    """The same greedy verdicts through HTTP as in this process; no sum is done in another batch."""
    folder = data_path("tiny-judge")
    options = ModelOptions(template=folder / "judge_template.md", batch_size=4, max_new_tokens=400)
    server = load_judge(f"{address}#{folder}", options)
    pools = [pool.first(3) for pool in load_pools("embedded", limit=4)]
    matches = [match for pool in pools for match in all_ordered_pairs(pool)]
    theirs = Arena(server).judge(matches)
    ours = load_judge("tiny", ModelOptions(batch_size=1)).judge(matches)
    assert {v.status for v in theirs} == {Status.PARSED}
    assert [v.outcome for v in theirs] == [v.outcome for v in ours]
    assert all(v.prompt_tokens == w.prompt_tokens for v, w in zip(theirs, ours, strict=True))
