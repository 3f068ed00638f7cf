"""One question put to a language model: what leaves is hidden, what comes back is checked."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.agents.assistant import MOST_CALLS, NO_SUCH_TOOL
from webapp.agents.models.chat_completions.checking import Evidence, checked
from webapp.agents.models.chat_completions.cleaning import CUT_HERE, cleaned, is_nonsense, without_hidden_signs
from webapp.agents.models.chat_completions.endpoint import Endpoint
from webapp.agents.models.chat_completions.failures import ModelFailed
from webapp.agents.models.chat_completions.hearing import HeardCall, Hearing
from webapp.agents.models.chat_completions.spending import Left, Tally
from webapp.agents.models.chat_completions.veil import Unveiling, Veil
from webapp.agents.models.chat_completions.writing import HAND_OVER, TAKE_BACK, Letter, functions
from webapp.agents.models.language_model import Decision, HandOver, Observation, Say, ToolCall, Turn, UseTools
from webapp.agents.transcript import Desk, Json, Line, Step, Tell

MOST_REQUESTS = 8  # to the endpoint, for one question
MOST_MISTAKES = 3  # calls of functions that do not exist, or with arguments nobody can read
FOCUS = ("card", "account", "transfer", "transaction", "merchant", "amount")  # what "it" may mean in the next question
UNREADABLE = "arguments that cannot be read"
TAKEN_BACK = "Noted: what was proposed before is withdrawn."
DOES_NOT_FIT = "There is no argument called"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, at which desk, and how long and how much may be spent on it."""

    lines: Sequence[Line]
    desk: Desk
    tell: Tell
    until: float  # moment of the monotonic clock
    left: Left


class Talk:
    """A `LanguageModel` for one question."""

    def __init__(self, endpoint: Endpoint, letter: Letter, question: Question, tally: Tally) -> None:
        self.name = endpoint.settings.model
        self._endpoint = endpoint
        self._letter = letter
        self._question = question
        self._tally = tally
        self._veil: Veil = letter.veil
        self._asked = 0
        self._mistakes = 0
        self._notes: list[str] = []

    def decide(self, turn: Turn) -> Decision:
        """The next thing to do. Raises `ModelFailed`, and what `tell` raises when nobody waits any more."""
        if self._mistakes + sum(map(_is_mistake, turn.observations)) >= MOST_MISTAKES:
            raise ModelFailed("wrong_tools")
        while True:
            last = self._asked + 1 >= MOST_REQUESTS or not (turn.tools or turn.colleagues)
            last = last or len(turn.observations) >= MOST_CALLS
            heard = self._hear(turn, last)
            if last and heard.calls and not heard.text.strip():
                raise ModelFailed("wrong_tools")
            decision = self._decision(turn, heard, last)
            if decision is not None:
                return decision

    def _hear(self, turn: Turn, last: bool) -> Hearing:
        question = self._question
        refusal = question.left.refusal(self._tally.cost)
        if refusal is not None:
            raise ModelFailed(refusal)
        if self._asked >= MOST_REQUESTS:
            raise ModelFailed("wrong_tools")
        self._asked += 1
        offered = [] if last else functions(turn)
        self._tally.tools.update(dict.fromkeys(str(one["name"]) for one in offered))
        messages = self._letter.messages(turn, question.lines, question.desk, self._notes, last)
        unveiling = Unveiling(self._veil)

        def hear(piece: str) -> None:
            said = without_hidden_signs(unveiling.add(piece)) if piece else ""
            question.tell(Step("", turn.agent.key, partial=said or None))

        return self._endpoint.hear(messages, offered, question.until, self._tally, hear)

    def _decision(self, turn: Turn, heard: Hearing, last: bool) -> Decision | None:
        """What the response asks for; None: ask again. A hand-over leaves what comes after it to the colleague."""
        calls: list[ToolCall] = []
        for asked in [] if last else heard.calls:
            if asked.name == TAKE_BACK:
                if TAKEN_BACK not in self._notes:
                    self._notes.append(TAKEN_BACK)
                if len(heard.calls) == 1:
                    return None
                continue
            call = self._call(asked)
            if call.tool.startswith(HAND_OVER):
                return UseTools(tuple(calls)) if calls else self._hand_over(call)
            calls.append(call)
        return UseTools(tuple(calls)) if calls else self._say(turn, heard)

    def _call(self, asked: HeardCall) -> ToolCall:
        name = without_hidden_signs(asked.name.strip())[:60]
        try:
            arguments = json.loads(asked.arguments.strip() or "{}", parse_constant=lambda _name: None)
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            return ToolCall(name, {UNREADABLE: True})
        put_back: Json = self._veil.reveal_json(arguments)
        return ToolCall(name, put_back if isinstance(put_back, dict) else {})

    def _hand_over(self, call: ToolCall) -> HandOver:
        reason = call.arguments.get("reason")
        because = cleaned(reason)[:120] if isinstance(reason, str) else ""
        return HandOver(call.tool.removeprefix(HAND_OVER), because or "it is theirs to answer")

    def _say(self, turn: Turn, heard: Hearing) -> Say:
        if is_nonsense(heard.text):
            raise ModelFailed("nonsense")
        text = cleaned(self._veil.reveal(heard.text))
        if not text:
            raise ModelFailed("nonsense")
        result = checked(text, self._evidence(turn), from_handbook=turn.agent.key == "handbook")
        used = [seen.call.tool for seen in turn.observations if seen.outcome in ("ok", "not found")]
        return Say(
            text="\n\n".join([result.text, CUT_HERE]) if heard.was_cut else result.text,
            intent=used[0] if used else turn.agent.key,
            confidence=result.confidence,
            needs_person=turn.agent.key == "person",
            memory=self._memory(turn),
            takes_back=bool(self._notes),
        )

    def _evidence(self, turn: Turn) -> Evidence:
        evidence = Evidence()
        for line in self._question.lines:
            evidence.add(line.text)
        for seen in turn.observations:
            evidence.add(seen.text)
            evidence.cite(seen.text)
        evidence.add(f"{turn.now.date().isoformat()}")
        return evidence

    def _memory(self, turn: Turn) -> dict[str, Json]:
        """What the built-in model needs to go on from here, should it have to: what was looked at and listed last. What
        it had asked for itself has been answered here, or is moot."""
        last = next((line for line in reversed(self._question.lines) if line.who == "assistant"), None)
        before = last.memory if last and last.memory.get("customer") in (None, turn.customer_number) else {}
        focus = before.get("focus")
        looked_at: dict[str, Json] = dict(focus) if isinstance(focus, dict) else {}
        shown = before.get("shown")
        for seen in turn.observations:
            looked_at |= {name: value for name, value in seen.facts.items() if name in FOCUS and isinstance(value, str)}
            shown = seen.facts.get("shown", shown)
        return {"focus": looked_at, "shown": shown or {}, "customer": turn.customer_number or ""}


def _is_mistake(seen: Observation) -> bool:
    return seen.outcome == "refused" and (seen.text == NO_SUCH_TOOL or seen.text.startswith(DOES_NOT_FIT))


def deadline(seconds: float) -> float:
    """The moment that is so many seconds from now."""
    return time.monotonic() + seconds
