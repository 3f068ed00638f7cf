"""Why a language model gave no answer: a closed set of reasons, each with the sentence that people read."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Reason: TypeAlias = Literal[
    "busy", "unreachable", "timed_out", "rate_limited", "refused", "server_error", "cut", "nonsense",
    "wrong_tools", "budget", "budget_of_person", "resting", "records", "defect", "stopped",
]  # fmt: skip

SENTENCES: Final[dict[Reason, str]] = {
    "busy": "the language model is busy with other questions",
    "unreachable": "the language model cannot be reached",
    "timed_out": "the language model did not answer in time",
    "rate_limited": "the language model takes no more questions at the moment",
    "refused": "the language model does not accept this installation's requests",
    "server_error": "the language model reported an error",
    "cut": "the language model broke off in the middle of its answer",
    "nonsense": "what the language model sent was no answer",
    "wrong_tools": "the language model kept asking for look-ups that do not exist",
    "budget": "today's budget for the language model is spent",
    "budget_of_person": "your budget for the language model is spent for today",
    "resting": "the language model failed several times in a row and is left alone for a moment",
    "records": "the bank's records did not say which names to keep from the language model",
    "defect": "the language model could not be used",
    "stopped": "nobody waited for the answer any more",
}

# What says something about the health of the endpoint. Our own limits and a person's stop do not.
COUNTED: Final[frozenset[Reason]] = frozenset(
    {"unreachable", "timed_out", "rate_limited", "refused", "server_error", "cut", "nonsense"}
)
AGAIN: Final[frozenset[Reason]] = frozenset({"unreachable", "rate_limited", "server_error"})  # worth another try


class ModelFailed(Exception):
    """No answer from the language model. Carries a reason of the closed set, never what an endpoint wrote."""

    def __init__(self, reason: Reason, *, after_seconds: float = 0.0, said_something: bool = False) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.after_seconds = after_seconds  # how long the endpoint asks to wait
        self.said_something = said_something

    @property
    def may_be_tried_again(self) -> bool:
        """Whether asking once more is safe: nothing of an answer had come, and it may be different the next time."""
        return self.reason in AGAIN and not self.said_something
