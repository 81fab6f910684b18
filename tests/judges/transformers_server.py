"""transformers' own server in a process of its own, with one model behind it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def transformers_server(
    model: Path, log: Path, seconds: float = 120, port: int = 0
) -> Iterator[str]:
    """Serve a folder on this machine, on a free port by default; yields the address, without the
    model.

    Raises
    ------
    RuntimeError
        When the server ends, or does not answer in time.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", port))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("transformers")
    with log.open("w") as out:
        process = subprocess.Popen(
            [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu",
             "--dtype", "float32", str(model)],
            stdout=out, stderr=out, env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(int(2 * seconds)):
            if process.poll() is not None:
                raise RuntimeError(f"the server ended: {log.read_text()[-2000:]}")
            try:
                if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.5)
        else:
            raise RuntimeError(f"the server did not answer in {seconds:g} s")
        yield f"{url}/v1"
    finally:
        process.terminate()
        process.wait(timeout=30)
