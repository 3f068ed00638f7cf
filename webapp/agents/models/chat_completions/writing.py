"""A turn as an endpoint reads it: instructions, the conversation, what was looked up, and the functions there are.

Everything goes through the veil. What was written by others stands between marks that are drawn anew for every
question, so that no text can close them.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from babel.dates import format_datetime

from webapp.agents.models.chat_completions.endpoint import Message
from webapp.agents.models.chat_completions.instructions import filled, prompt
from webapp.agents.models.chat_completions.veil import Veil
from webapp.agents.models.language_model import Observation, Turn
from webapp.agents.roster import Agent
from webapp.agents.tools.registry import Tool
from webapp.agents.transcript import Desk, Json, Line

HAND_OVER = "hand_over_to_"
TAKE_BACK = "take_back_proposals"
MOST_LINES = 24
LONGEST_LINE = 6_000  # characters of one line or one result; the rest is left out, and that is said
LEFT_OUT = " ... (the rest is left out)"
# In what staff type: words in quotation marks, and lines that begin with ">", are somebody else's.
OTHERS = re.compile(r"(?m)(?:^[ \t]*>.*(?:\n|\Z))+|[\"“„][^\"“”„]{8,}[\"”“]")
_SHOWN = ("ids", "shown", "choices", "labels", "transaction", "transfer", "card", "account")


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands around quoted material in one question."""

    word: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def opening(self) -> str:
        """In front of it."""
        return f"<<quoted {self.word}"

    @property
    def closing(self) -> str:
        """Behind it."""
        return f"{self.word} end of quote>>"

    def around(self, text: str, source: str) -> str:
        """The text as material. It does not hold the word: that was drawn after it was written."""
        inert = text.replace(self.word, "")
        return f"{self.opening} from {source}\n{inert}\n{self.closing}"


@dataclass(frozen=True, slots=True)
class Letter:
    """Writes the requests of one question."""

    veil: Veil
    bank_name: str
    marks: Marks = field(default_factory=Marks)

    def messages(
        self, turn: Turn, lines: Sequence[Line], desk: Desk, notes: Sequence[str], last: bool
    ) -> list[Message]:
        """The whole request's messages: the endpoint remembers nothing between them."""
        written: list[Message] = [{"role": "system", "content": self._instructions(turn, desk)}]
        written += [self._line(line) for line in lines[-MOST_LINES:]]
        for number, seen in enumerate(turn.observations, start=1):
            written += self._result(number, seen)
        for number, note in enumerate(notes, start=1):
            called = _called(f"note_{number}", TAKE_BACK, "{}")
            written += [called, {"role": "tool", "tool_call_id": f"note_{number}", "content": note}]
        if last:
            written.append({"role": "system", "content": prompt("last_request")})
        return written

    def _instructions(self, turn: Turn, desk: Desk) -> str:
        customer = "No customer is attached to this session: functions that need one will refuse."
        if desk.customer is not None:
            name = self.veil.placeholder("NAME", desk.customer.name)
            customer = f"The session is about one customer, {name}; functions look at this customer's records only."
        return filled(
            prompt("desk"),
            title=turn.agent.title,
            bank=self.bank_name,
            purpose=turn.agent.purpose,
            instructions=turn.agent.instructions,
            today=format_datetime(turn.now, "EEEE, d MMMM y, HH:mm", locale="en"),
            customer=customer,
            proposing=prompt("proposing" if turn.may_propose else "reading_only") + _who_may(turn),
            opening=self.marks.opening,
            closing=self.marks.closing,
        )

    def _line(self, line: Line) -> Message:
        text = _bounded(line.text)
        if line.who == "assistant":
            return {"role": "assistant", "content": self._with_quotes(text, "the handbook or a record")}
        return {"role": "user", "content": self._with_quotes(text, "somebody staff quote")}

    def _with_quotes(self, text: str, source: str) -> str:
        """What staff say is asked of the model; what they quote is not, nor what an earlier answer quotes."""
        parts: list[str] = []
        end = 0
        for match in OTHERS.finditer(text):
            parts += [self.veil.hide(text[end : match.start()]), "\n"]
            parts += [self.marks.around(self.veil.hide(match[0].strip()), source), "\n"]
            end = match.end()
        parts.append(self.veil.hide(text[end:]))
        return "".join(parts).strip()

    def _result(self, number: int, seen: Observation) -> list[Message]:
        key = f"call_{number}"
        arguments = json.dumps(self.veil.hide_json(dict(seen.call.arguments)), ensure_ascii=False)
        told = self.veil.hide(_bounded(seen.text))
        facts = {name: value for name, value in seen.facts.items() if name in _SHOWN}
        if facts:
            told += f"\nvalues: {json.dumps(self.veil.hide_json(facts), ensure_ascii=False)[:LONGEST_LINE]}"
        content = f"{seen.outcome}\n{self.marks.around(told, seen.call.tool[:60])}"
        name = re.sub(r"\W", "_", seen.call.tool)[:60] or "unknown"
        return [_called(key, name, arguments), {"role": "tool", "tool_call_id": key, "content": content}]


def _who_may(turn: Turn) -> str:
    if not turn.proposed_by:
        return ""
    return f"\n- It is the role of this member of staff that may not. {turn.proposed_by} may: say so first."


def _called(key: str, name: str, arguments: str) -> Message:
    call: Json = {"id": key, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + LEFT_OUT


def functions(turn: Turn) -> list[Message]:
    """What this agent can do now, as function schemas: its tools, its colleagues, and taking proposals back."""
    offered = [_tool(tool) for tool in turn.tools]
    offered += [_colleague(one) for one in turn.colleagues]
    if turn.may_propose:
        nothing: Json = {"type": "object", "properties": {}, "additionalProperties": False}
        says = "Withdraw what was proposed earlier in this conversation: they have changed their mind."
        offered.append({"name": TAKE_BACK, "description": says, "parameters": nothing})
    return offered


def _tool(tool: Tool) -> Message:
    return {"name": tool.name, "description": tool.description, "parameters": tool.schema()}


def _colleague(agent: Agent) -> Message:
    because: Json = {"type": "string", "description": "why, in a few plain words, as: the question is about a card"}
    return {
        "name": f"{HAND_OVER}{agent.key}",
        "description": f"Let {agent.title} answer. {agent.purpose}",
        "parameters": {"type": "object", "properties": {"reason": because}, "required": ["reason"]},
    }
