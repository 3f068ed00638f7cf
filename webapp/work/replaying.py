"""Ask an old conversation's questions again, of the team and the model as they are now. Nothing of it is stored.

What was said before each question is what was said then, so that one answer that differs does not change the others.
Records are those of today: an answer may differ because the bank does.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask

from webapp.agents.assistant import Assistant
from webapp.agents.transcript import Asker, Desk
from webapp.bank.core_banking import CoreBanking
from webapp.bank.errors import CustomerNotFound
from webapp.bank.policy_library import PolicyLibrary
from webapp.bank.previews import OrderPreviews
from webapp.http.unit_of_work import reading
from webapp.models.base import now
from webapp.services.replaying import Asked, Said, conversation
from webapp.work.saying import whole

COMPARED = ("agent", "intent", "tools", "proposals", "text")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A question with the answer of then and the answer of now."""

    question: str
    then: Said
    now: Said

    @property
    def differs_in(self) -> tuple[str, ...]:
        """What is not the same."""
        return tuple(name for name in COMPARED if getattr(self.then, name) != getattr(self.now, name))

    @property
    def diff(self) -> list[str]:
        """The lines of the text that went (-) and came (+)."""
        lines = difflib.unified_diff(self.then.text.splitlines(), self.now.text.splitlines(), "then", "now", "", "", 1)
        return [line.rstrip("\n") for line in lines][2:]


def replay(app: Flask, chat_id: str) -> Iterator[Replayed]:
    """Each answered question of a session with both its answers; raises `ChatNotFound`.

    No transaction is open while the assistant thinks. What a language model costs is accounted for, to nobody.
    """
    with reading():
        asked = conversation(chat_id)
    assistant = cast(Assistant, app.extensions["bankside.assistant"])
    for one in asked:
        answer = whole(assistant.answer(one.lines, _desk(app, one, chat_id), lambda _step: None))
        said = Said(
            agent=answer.agent,
            intent=answer.intent,
            tools=tuple(call.tool for call in answer.calls),
            proposals=tuple(action.order.kind for action in answer.proposals),
            text=answer.text,
            model=answer.model,
        )
        yield Replayed(one.question, one.said, said)


def _desk(app: Flask, asked: Asked, chat_id: str) -> Desk:
    bank = cast(CoreBanking, app.extensions["bankside.bank"])
    try:
        customer = bank.customer(asked.customer_number) if asked.customer_number else None
    except CustomerNotFound:
        customer = None
    return Desk(
        staff_name=asked.staff_name,
        staff_role=asked.staff_role,
        customer=customer,
        bank=bank,
        library=cast(PolicyLibrary, app.extensions["bankside.library"]),
        now=now().astimezone(ZoneInfo(asked.time_zone)),
        staff_rights=asked.staff_rights,
        orders=cast(OrderPreviews | None, app.extensions["bankside.previews"]),
        asker=Asker(session=chat_id),
        authority=asked.authority,
    )
