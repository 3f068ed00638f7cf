"""Only what staff asked for themselves is proposed: a card for a person to confirm is an invitation, too.

A language model may be talked into a proposal by an article, a record or a quoted message. So a tool that proposes has
to be called for by words of staff's own, outside of quotations, and the values that matter have to be among them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from webapp.agents.models.chat_completions.writing import OTHERS
from webapp.agents.tools.registry import BadArgument, Registry, Tool, ToolResult
from webapp.agents.transcript import Desk, Line

MOST_LINES = 6  # of staff: what was asked for longer ago is asked for again
NOT_ASKED_FOR = "Nobody at the desk has asked for this: propose only what the member of staff wants."
NOT_SAID = "The member of staff has not said this value; ask for it: {name}."

_LOST = r"lost|stol\w*|steal\w*|missing|gone|fraud\w*|misus\w*"
_MOVE = r"transfer\w*|send\w*|pay|pays|move\w*|wire\w*|remit\w*|put|book|over to|swift"
WORDS = {
    "propose_block_card": rf"block\w*|lock\w*|freez\w*|suspend\w*|{_LOST}",
    "propose_unblock_card": r"unblock\w*|unlock\w*|unfreez\w*|lift\w*|again",
    "propose_replacement_card": rf"replac\w*|new|another|reissu\w*|order\w*|damag\w*|brok\w*|express|expir\w*|{_LOST}",
    "propose_card_activation": r"activat\w*",
    "propose_card_limit": r"limits?|raise\w*|lower\w*|increas\w*|decreas\w*|reduc\w*",
    "propose_pin_letter": r"pins?|letters?|forgot\w*",
    "propose_transfer": _MOVE,
    "propose_instant_transfer": rf"instant\w*|at once|immediate\w*|right now|{_MOVE}",
    "propose_scheduled_transfer": _MOVE,
    "propose_bill_payment": r"pay\w*|bills?|invoices?|settl\w*",
    "propose_international_transfer": _MOVE,
    "propose_recall": r"recall\w*|back|revers\w*|wrong\w*|mistak\w*|twice|undo",
    "propose_standing_order": r"standing|so|regular\w*|monthly|weekly|yearly|quarterly|every|each|automatic\w*",
    "propose_standing_order_change": r"chang\w*|rais\w*|lower\w*|increas\w*|reduc\w*|adjust\w*|more|less|ends?|until",
    "propose_standing_order_pause": r"paus\w*|suspend\w*|hold|skip\w*|interrupt\w*|stop\w*|until|rest",
    "propose_standing_order_resumption": r"resum\w*|restart\w*|reactivat\w*|continu\w*|again|pause",
    "propose_direct_debit_return": r"return\w*|back|refund\w*|revers\w*|reclaim\w*|bounc\w*|mandate|unauthori\w*",
    "propose_transfer_cancellation": r"cancel\w*|stop\w*|recall\w*|revok\w*|undo|back",
    "propose_stopped_payment": r"stop\w*|cancel\w*|end|ends|ended|revok\w*|refus\w*|return\w*",
    "propose_dispute": (
        r"disput\w*|charge ?backs?|contest\w*|wrong\w*|twice|double\w*|duplicat\w*|never|not|didn't|wasn't|"
        r"unauthori\w*|refund\w*|complain\w*|cancelled|money back"
    ),
    "propose_dispute_withdrawal": r"withdraw\w*|back|drop\w*|cancel\w*|clos\w*",
    "propose_alert_answer": r"yes|no|not|unsure|sure|it was|was(?:n't)?|alert\w*|recogni\w*|hers|his|theirs",
    "propose_fraud_report": rf"scam\w*|phish\w*|unauthori\w*|unknown|suspicious|not|didn't|report\w*|{_LOST}",
    "propose_contact_change": r"chang\w*|updat\w*|new|mov\w*|correct\w*|address|e-?mail|phone|number",
}
# Values that have to be staff's own words, and not only somebody's in a record or an article.
VALUES = {
    "propose_transfer": ("amount", "to_iban"),
    "propose_instant_transfer": ("amount", "to_iban"),
    "propose_scheduled_transfer": ("amount", "to_iban"),
    "propose_bill_payment": ("amount", "to_iban", "invoice"),
    "propose_international_transfer": ("amount", "to_account", "bic"),
    "propose_standing_order": ("amount", "to_iban"),
    "propose_standing_order_change": ("amount", "raise_by", "lower_by"),
    "propose_card_limit": ("daily_limit",),
    "propose_contact_change": ("value",),
}
_ASSENT = re.compile(r"\s*(?:yes|yep|yeah|ok|okay|sure|please do|go ahead|do it|do that|correct|right)\b", re.I)
_NUMBER = re.compile(r"(?<![\w.])(\d[\d.,' \u00a0]*)(k)?(?!\w)", re.I)


@dataclass(frozen=True, slots=True)
class StaffWords:
    """What staff have said themselves of late, without what they quote."""

    text: str

    @classmethod
    def of(cls, lines: Sequence[Line]) -> StaffWords:
        """The last of them in a conversation."""
        said = [OTHERS.sub(" ", line.text) for line in lines if line.who == "staff"][-MOST_LINES:]
        before = lines[-2] if len(lines) > 1 else None
        if said and _ASSENT.match(said[-1]) and before is not None and before.who == "assistant":
            said.append(OTHERS.sub(" ", before.text))  # a yes makes what was offered one's own words
        return cls("\n".join(said).replace("\u2019", "'"))

    def call_for(self, tool: Tool) -> bool:
        """Whether they name what this tool proposes; one without words of its own is named by its label."""
        words = WORDS.get(tool.name)
        if words is None:
            words = "|".join(rf"{re.escape(word[:5])}\w*" for word in tool.label.split() if len(word) > 3)
        return bool(words) and re.search(rf"\b(?:{words})(?!\w)", self.text, re.IGNORECASE) is not None

    def say(self, value: object) -> bool:
        """Whether this value is among them, however it is spelled."""
        if isinstance(value, Decimal):
            return any(value == number for number in self._numbers())
        return _plain(str(value)) in _plain(self.text)

    def _numbers(self) -> list[Decimal]:
        found: list[Decimal] = []
        for spelled, thousands in _NUMBER.findall(self.text):
            for part in (spelled, *re.split(r"[ \u00a0]", spelled)):
                found += [number * (1000 if thousands else 1) for number in _readings(part)]
        return found


def _readings(spelled: str) -> list[Decimal]:
    """What a number may mean: "1.250" is a thousand and more to some, and a little more than one to others."""
    bare = re.sub(r"[' \u00a0]", "", spelled).strip(".,")
    ways = {re.sub(r"[.,](?=.*[.,]|\d{3}$)", "", bare).replace(",", "."), bare.replace(",", "."), bare.replace(",", "")}
    found = []
    for way in ways:
        try:
            found.append(Decimal(way))
        except InvalidOperation:
            continue
    return found


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def guarded(tools: Registry, words: StaffWords) -> Registry:
    """The tools, of which those that propose refuse what staff have not asked for."""
    return Registry(
        replace(tool, run=partial(_only_if_asked, tool.run, tool, words)) if tool.effect == "proposes" else tool
        for tool in tools
    )


def _only_if_asked(
    run: Callable[..., ToolResult], tool: Tool, words: StaffWords, desk: Desk, **arguments: Any
) -> ToolResult:
    if not words.call_for(tool):
        raise BadArgument(NOT_ASKED_FOR)
    for name in VALUES.get(tool.name, ()):
        if name in arguments and not words.say(arguments[name]):
            raise BadArgument(NOT_SAID.format(name=name))
    return run(desk, **arguments)
