"""What every tool that proposes does: have the bank check the order, and put the handbook's rule beside it."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.agents.tools.registry import BadArgument, ToolResult
from webapp.agents.tools.subject import customer_of
from webapp.agents.transcript import Citation, Desk, Json, ProposedAction, VerificationLevel
from webapp.agents.wording import money, plain, together
from webapp.bank.orders import Order
from webapp.bank.previews import NOTHING

Rule = tuple[str, str]  # an article and a section of it


def proposed(
    desk: Desk, order: Order, rule: Rule, level: VerificationLevel, facts: dict[str, Json] | None = None
) -> ToolResult:
    """A proposal for this order. The bank's refusal (`OrderRefused`) is the caller's to put into words."""
    if desk.orders is None:
        raise BadArgument("Nothing can be changed from here: this installation only reads.")
    preview = desk.orders.preview(customer_of(desk).number, order)
    clause = _clause(desk, rule)
    fee = f"Fee {money(preview.fee, preview.currency)}." if preview.fee != NOTHING else "No fee."
    second = desk.authority is not None and desk.authority.needs_second(preview.amount)
    ready = "Ready for a second person to release" if second else "Ready to confirm"
    return ToolResult(
        f"{ready}: **{plain(preview.title)}**. {fee}",
        facts={**(facts or {}), "proposed": order.kind, **({"second_person": True} if second else {})},
        proposal=ProposedAction(order, preview, level, clause),
    )


def _clause(desk: Desk, rule: Rule) -> Citation | None:
    """The section as it is in force, if the bank's handbook has it."""
    article_id, section = rule
    found = next((one for one in desk.library.article(article_id) if one.section == section), None)
    if found is None:
        return None
    return Citation(
        number=1,
        article_id=found.article_id,
        version=found.version,
        title=found.title,
        section=found.section,
        passage=found.text,
        effective_on=found.effective_on.isoformat(),
        audience=found.audience,
    )


def ask_for(slot: str, question: str, choices: Sequence[str] = (), labels: Sequence[str] = ()) -> ToolResult:
    """Ask for one value that is missing, with what it may be."""
    return ToolResult(
        together(question), facts={"ask": slot, "choices": list(choices), "labels": list(labels or choices)}
    )
