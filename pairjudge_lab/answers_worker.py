"""The process in which math-verify runs: JSON lines in, JSON lines out. See ``answers_process``.

Some LaTeX keeps a computer algebra system busy for ever, in C code that no Python signal handler
interrupts. So where the system can fork, this process reads math-verify once and then only forks:
each child answers requests until one takes longer than its limit, which the kernel's timer ends
together with the child. The next child is there at once.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from typing import Any

MEMORY_LIMIT = 2 << 30
PR_SET_PDEATHSIG = 1


def main() -> None:
    parent = int(sys.argv[1])
    die_with(parent)
    limit_memory()
    answer = make_answer()
    if not hasattr(os, "fork"):
        say({"result": "ready"})
        serve(answer)
        return
    say({"result": "ready"})
    own = os.getpid()
    while True:
        child = os.fork()
        if child == 0:
            die_with(own)
            serve(answer)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            return
        say({"result": None, "late": True})


def die_with(parent: int) -> None:
    """End this process when its parent ends, whatever it is doing then."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have ended before this was asked for. Elsewhere an orphan ends with its
    # request's timer, and then at the end of its input.
    if hasattr(os, "getppid") and os.getppid() != parent:
        os._exit(1)


def limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):  # no such limit on this system: the clock remains
        pass


def make_answer() -> Any:
    """The function that answers one request."""
    from math_verify import parse, verify
    from math_verify.parser import ExprExtractionConfig, LatexExtractionConfig

    logging.disable(logging.CRITICAL)
    # The clock is ours, so math-verify's own alarm is switched off.
    configs = [LatexExtractionConfig(), ExprExtractionConfig()]

    def read(answer: str) -> Any:
        return parse(f"\\boxed{{{answer}}}", configs, parsing_timeout=0)

    def answer(request: dict[str, Any]) -> Any:
        if request["task"] == "extract":
            found = parse(request["text"], configs, parsing_timeout=0)
            return next((str(item) for item in reversed(found) if isinstance(item, str)), None)
        one, two = read(request["first"]), read(request["second"])
        return any(verify(x, y, timeout_seconds=None) for x, y in ((one, two), (two, one)))

    return answer


def serve(answer: Any) -> None:
    """Answer requests until the input ends; one that is late ends the process."""
    timed = hasattr(signal, "setitimer")
    if timed:
        # Time of the processor: a machine that is busy with other things decides nothing.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        if timed:
            signal.setitimer(signal.ITIMER_PROF, float(request["seconds"]))
        try:
            result = answer(request)
        except Exception:  # noqa: BLE001
            # Whatever a computer algebra system trips over, the answer stays undecided.
            result = None
        if timed:
            signal.setitimer(signal.ITIMER_PROF, 0)
        say({"result": result})


def say(reply: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
