"""How the rules propose what is about regular payments: direct debits given back, standing orders that rest."""

from __future__ import annotations

import re
from dataclasses import replace

from webapp.agents.models.rules import order_details as details
from webapp.agents.models.rules.amounts import amount_of
from webapp.agents.models.rules.orders import ONLY_NEXT
from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.part import Script, amount, call
from webapp.agents.models.rules.scripts.proposing import part_of

_CENTS = re.compile(r"(?<![\d.,])(\d{1,6}[.,]\d{2})(?![\d.,]*\d)")
_SKIPS_ONE = re.compile(r"\b(?:skip\w*|leave out|pause) (?:the |her |his )?(?:next|coming|upcoming)\b", re.I)
_STOP_TOO = ("Stop the next direct debit", "Show standing orders and direct debits", "A person, please")


def is_meant(task: Task) -> bool:
    """Whether a standing order is to rest or to go on, rather than to end."""
    if task.entities.instruction == "direct debit":
        return False
    return (
        (task.entities.instruction == "standing order" and _one_only(task))
        or _rests(task)
        or details.RESUMES.search(task.whole) is not None
    )


def _one_only(task: Task) -> bool:
    return (ONLY_NEXT.search(task.whole) or _SKIPS_ONE.search(task.whole)) is not None


def _rests(task: Task) -> bool:
    return details.PAUSES.search(task.whole) is not None


def is_wanted_back(task: Task) -> bool:
    """Whether a direct debit that was booked is to be given back."""
    said = details.WANTED_BACK.search(task.whole) or details.NO_MANDATE.search(task.whole)
    return said is not None and task.entities.instruction != "standing order"


def is_of_a_debit(task: Task) -> bool:
    """Whether what sounds like fraud or a dispute is about a direct debit: that is returned, and no card is blocked."""
    said = task.entities
    own = task.text if said.merchant or said.exact or said.item or said.card else task.whole
    return details.OF_DEBIT.search(own) is not None and is_wanted_back(task)


def rest_or_go_on(task: Task) -> Script:
    """Pause a standing order until a day, or resume one."""
    said = task.entities
    of_the_matter = said.hint and (details.PAUSES.search(said.hint) or details.RESUMES.search(said.hint))
    to = said.merchant or (None if of_the_matter else said.hint)
    if details.RESUMES.search(task.whole):
        return part_of(task, (yield call("propose_standing_order_resumption", to=to)))
    months, weeks, open_end = details.rest_of(said.value or task.whole)
    named = None if months or weeks else said.on or said.until or said.since
    seen = yield call(
        "propose_standing_order_pause",
        to=to,
        resume_on=named,
        months=months,
        weeks=weeks,
        only_next=True if _one_only(task) and not (named or months or weeks) else None,
        open_end=True if open_end and not named else None,
    )
    return part_of(task, seen)


def _sum_in(text: str) -> str | None:
    """The amount with cents that another part of the message names."""
    found = _CENTS.search(text)
    exact = amount_of(found[1]) if found else None
    return str(exact) if exact is not None else None


def return_debit(task: Task) -> Script:
    """Give a direct debit back; which one, and why if it is old, is asked for."""
    said = task.entities
    reason = said.reason or ("no mandate" if details.NO_MANDATE.search(task.whole) else None)
    seen = yield call(
        "propose_direct_debit_return",
        to=said.merchant or said.hint,
        amount=amount(said.exact or said.over or _sum_in(task.whole)),
        since=said.since,
        until=said.until,
        newest=True if details.NEWEST.search(task.whole) else None,
        transaction_id=said.item,
        reason=reason,
    )
    part = part_of(task, seen)
    return replace(part, suggestions=_STOP_TOO) if part.proposed else part
