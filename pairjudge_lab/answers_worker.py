"""The process in which math-verify runs: JSON lines in, JSON lines out. See ``answers``."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

MEMORY_LIMIT = 2 << 30


def main() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    except (ImportError, ValueError, OSError):  # no such limit on this system: the clock remains
        pass
    from math_verify import parse, verify
    from math_verify.parser import ExprExtractionConfig, LatexExtractionConfig

    logging.disable(logging.CRITICAL)
    # The parent holds the clock, so math-verify's own alarm is switched off.
    configs = [LatexExtractionConfig(), ExprExtractionConfig()]

    def extract(text: str) -> str | None:
        found = parse(text, configs, parsing_timeout=0)
        return next((str(item) for item in reversed(found) if isinstance(item, str)), None)

    def read(answer: str) -> Any:
        return parse(f"\\boxed{{{answer}}}", configs, parsing_timeout=0)

    def compare(first: str, second: str) -> bool:
        one, two = read(first), read(second)
        return any(verify(x, y, timeout_seconds=None) for x, y in ((one, two), (two, one)))

    print(json.dumps({"result": "ready"}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["task"] == "extract":
                result: Any = extract(request["text"])
            else:
                result = compare(request["first"], request["second"])
        except Exception:  # noqa: BLE001
            # Whatever a computer algebra system trips over, the answer stays undecided.
            result = None
        print(json.dumps({"result": result}), flush=True)


if __name__ == "__main__":
    main()
