"""An engine and a protocol written outside the package: a "model" that prefers the shorter text."""

import re

from pairjudge_lab.engines.contract import Completion
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.protocols.sanitizer import PromptSanitizer
from pairjudge_lab.protocols.template import Template
from pairjudge_lab.records import Status, Verdict, VerdictKind

WORDING = Template("{question}\n<1>{response_a}</1>\n<2>{response_b}</2>\nWhich, 1 or 2?")


class ShortestProtocol:
    """Shows both responses between numbered tags; reads ``winner: 1`` or ``winner: 2``."""

    name = "numbered"
    kind = VerdictKind.PREFERENCE
    generation = GenerationConfig()
    label_positions = ()
    close = ""

    def __init__(self, template=None, reserved=()):
        self.template = template or WORDING
        self._clean = PromptSanitizer([*reserved, "<1>", "</1>", "<2>", "</2>"]).clean

    def messages(self, match):
        texts = {"question": match.question, "response_a": match.response_a}
        texts["response_b"] = match.response_b
        content = self.template.fill({name: self._clean(text) for name, text in texts.items()})
        return [{"role": "user", "content": content}]

    def read(self, text, *, cut_off=False):
        found = re.fullmatch(r"winner: ([12])", text.strip())
        if cut_off or not found:
            return Verdict(Status.UNPARSED, text=text, reason="names no winner")
        return Verdict(Status.PARSED, text=text, preference="AB"[int(found[1]) - 1])


class LengthEngine:
    """Answers with the number of the shorter text."""

    capacity = 3
    control_strings = ()

    def __init__(self, name):
        self.name = name

    @property
    def identity(self):
        return {"engine": "length", "model": self.name}

    def session(self, config):
        return _Session()


class _Session:
    def __init__(self):
        self._asked = []

    def submit(self, ticket, request):
        self._asked.append((ticket, request.messages[-1][1]))

    def collect(self):
        asked, self._asked = self._asked, []
        return [(ticket, Completion(_answer(text), completion_tokens=2)) for ticket, text in asked]

    def close(self):
        self._asked.clear()


def _answer(text):
    one, two = (re.search(f"<{i}>(.*)</{i}>", text, re.S)[1] for i in (1, 2))
    return f"winner: {1 if len(one) <= len(two) else 2}"


def open_length(rest, options):
    """What the registry of engines calls with what follows the prefix."""
    return LengthEngine(rest)
