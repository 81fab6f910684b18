"""Chat templates: programs that come with a model, and are tried out before they are relied on."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

from pairjudge_lab.engines.contract import Messages
from pairjudge_lab.records import UserError

PATIENCE = 20.0
"""Seconds that one rendering may take; it takes milliseconds."""

_PROBE = "qXzW7 probe text"


class EndlessTemplateError(UserError):
    """A rendering was broken off: not for its text alone can the template not be used."""


class ChatTemplate:
    """Renders conversations as a tokenizer's chat template says.

    A template that takes no system message gets it at the beginning of the user's.

    Parameters
    ----------
    name : str
        What the model is called in messages.
    tokenizer : transformers tokenizer

    Raises
    ------
    UserError
        When there is no template, it does not end, is not sound, or drops what it is given.
    """

    def __init__(self, name: str, tokenizer: Any) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise UserError(f"{name} has no chat template, so it cannot be asked; use a chat model")
        self._name, self.tokenizer = name, tokenizer
        self._takes_system = True
        plain: Messages = (("user", _PROBE),)
        self.render(plain)
        try:
            whole = self.render((("system", "Sq3 system text"), *plain))
            self._takes_system = "Sq3 system text" in whole
        except EndlessTemplateError:
            raise
        except UserError:
            self._takes_system = False

    def render(
        self, messages: Messages, thinking: bool | None = None, *, answered: bool = False
    ) -> str:
        """The conversation as one text.

        Parameters
        ----------
        messages : tuple of (role, content)
        thinking : bool or None
            Switches the thinking of a template that has such a switch.
        answered : bool
            Whether the conversation ends with its last message; otherwise an answer is begun.

        Raises
        ------
        UserError
            When the template fails or does not end, or what a user said, or the last message, is
            not found in what it made.
        """
        if not self._takes_system:
            messages = _without_system(messages)
        switch = {} if thinking is None else {"enable_thinking": thinking}
        said = [{"role": role, "content": content} for role, content in messages]

        def apply() -> str:
            return str(
                self.tokenizer.apply_chat_template(
                    said, tokenize=False, add_generation_prompt=not answered, **switch
                )
            )

        try:
            # One that ends for a short text need not end for another.
            text = within(PATIENCE, apply, f"the chat template of {self._name}")
        except EndlessTemplateError:
            raise
        except Exception as problem:  # noqa: BLE001 - a template may raise anything
            said_why = " ".join(str(problem).split())[:200]
            raise UserError(
                f"the chat template of {self._name} fails: {type(problem).__name__}: {said_why}"
            ) from None
        # A template is a program: that it showed one text does not mean that it shows them all.
        shown = [content for role, content in messages if role == "user"]
        if answered:
            shown.append(messages[-1][1])
        if not all(content.strip() in text for content in shown):
            raise UserError(
                f"the chat template of {self._name} drops or changes a text that it is given, so "
                "nothing could be asked; give the model another template"
            )
        return text


def _without_system(messages: Messages) -> Messages:
    system = "\n\n".join(content for role, content in messages if role == "system")
    rest = tuple(turn for turn in messages if turn[0] != "system")
    if not system or not rest:
        return rest
    (role, content), *others = rest
    return ((role, f"{system}\n\n{content}"), *others)


class _TooLongError(Exception):
    pass


def within(seconds: float, work: Callable[[], str], what: str) -> str:
    """The result of some work of Python's, which is broken off when it takes too long.

    The seconds are those of the processor, which a busy machine does not shorten.

    Raises
    ------
    EndlessTemplateError
        When it does; and whatever the work raises.
    """
    found: list[str] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as problem:  # noqa: BLE001 - handed on below
            raised.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    begun = time.process_time()
    thread.start()
    while thread.is_alive() and time.process_time() - begun < seconds:
        thread.join(min(1.0, seconds))
    if thread.is_alive():
        # The only way to stop a thread: an exception that is raised at its next line.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_TooLongError)
        )
        raise EndlessTemplateError(f"{what} did not end within {seconds:g} seconds; it is not used")
    if raised:
        raise raised[0]
    return found[0]
