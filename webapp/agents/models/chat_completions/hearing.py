"""One response of an endpoint, put together from its pieces. Pieces of the wrong shape are nonsense."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from webapp.agents.models.chat_completions.failures import ModelFailed

LONGEST_TEXT = 12_000  # characters of an answer; what comes after is not waited for
LONGEST_ARGUMENTS = 8_000  # characters of one call's arguments
MOST_CALLS = 16  # in one response


@dataclass(slots=True)
class HeardCall:
    """A call as it was asked for; `arguments` is JSON text, and may be broken."""

    key: object
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Hearing:
    """What has been heard so far."""

    text: str = ""
    calls: list[HeardCall] = field(default_factory=list)
    counted: tuple[int, int] | None = None  # tokens in and out, as the endpoint counts
    ended: str = ""  # why the endpoint stopped
    begun: bool = False  # anything has come at all
    full: bool = False  # the longest text was reached

    @property
    def signs(self) -> int:
        """How much has been said, in characters."""
        return len(self.text) + sum(len(call.name) + len(call.arguments) for call in self.calls)

    @property
    def was_cut(self) -> bool:
        """Whether the text is not all of it, because it was too long."""
        return self.full or self.ended == "length"

    def add(self, chunk: Any) -> str:
        """Take a piece; returns the text it adds. Raises `ModelFailed` for what is no piece of an answer."""
        self.begun = True
        try:
            return self._add(chunk)
        except (AttributeError, TypeError, ValueError, KeyError, IndexError):
            raise ModelFailed("nonsense", said_something=True) from None

    def _add(self, chunk: Any) -> str:
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            self.counted = (max(0, int(usage.prompt_tokens)), max(0, int(usage.completion_tokens)))
        choices = chunk.choices or []
        if not isinstance(choices, list):
            raise TypeError("choices")
        if not choices:
            return ""
        choice = choices[0]
        if choice.finish_reason:
            self.ended = str(choice.finish_reason)
        if choice.delta is None:
            return ""
        for asked in choice.delta.tool_calls or []:
            self._call(asked)
        return self._said(choice.delta.content)

    def _said(self, content: object) -> str:
        if content is None:
            return ""
        if not isinstance(content, str):
            raise TypeError("content")
        added = content[: max(0, LONGEST_TEXT - len(self.text))]
        self.full = self.full or len(added) < len(content)
        self.text += added
        return added

    def _call(self, asked: Any) -> None:
        """Pieces of a call belong together by their index; where there is none, by their id, or to the last one."""
        key = asked.index if isinstance(asked.index, int) else (asked.id or (self.calls[-1].key if self.calls else 0))
        call = next((one for one in self.calls if one.key == key), None)
        if call is None:
            if len(self.calls) >= MOST_CALLS:
                raise ValueError("calls")
            call = HeardCall(key)
            self.calls.append(call)
        if asked.function is None:
            return
        name, arguments = asked.function.name, asked.function.arguments
        if name and name != call.name and not call.arguments:
            call.name = (call.name + str(name))[:200]
        if arguments is not None:
            if not isinstance(arguments, str) or len(call.arguments) + len(arguments) > LONGEST_ARGUMENTS:
                raise TypeError("arguments")
            call.arguments += arguments

    def finish(self) -> None:
        """The stream is over; raises `ModelFailed` when it ended in the middle, or said nothing at all."""
        if self.full:
            return
        if not self.begun:
            raise ModelFailed("nonsense")
        if not self.ended:
            raise ModelFailed("cut", said_something=True)
        if not self.text.strip() and not self.calls:
            raise ModelFailed("nonsense", said_something=True)
