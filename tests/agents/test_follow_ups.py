"""What only the turn before explains, as plain values; and topics that only the handbook knows."""

from __future__ import annotations

from datetime import date

import pytest

from webapp.agents.assistant import Assistant
from webapp.agents.models.rules import RulesModel
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.follow_ups import FollowUp, follow_up
from webapp.agents.models.rules.memory import Memory
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Line
from webapp.bank.policy_library import Passage

from .fakes import FakeLibrary, desk
from .rows import PASSAGES

TODAY = date(2026, 11, 18)


def asked_after(intent: str, text: str, **memory: object) -> FollowUp | None:
    return follow_up(text, Memory(intent=intent, **memory), intents()[intent], TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "since", "until", "meant"),
    [
        ("and the week after", "2026-11-02", "2026-11-08", ("2026-11-09", "2026-11-15")),
        ("what about the week before that?", "2026-11-02", "2026-11-08", ("2026-10-26", "2026-11-01")),
        ("and the month after", "2026-01-01", "2026-01-31", ("2026-02-01", "2026-02-28")),
        ("the following day", "2026-11-12", "2026-11-12", ("2026-11-13", "2026-11-13")),
        ("and the year before", "2026-01-01", None, ("2025-01-01", "2025-12-31")),
    ],
)
def test_a_period_beside_the_last_one_is_counted_from_there(
    text: str, since: str, until: str | None, meant: tuple[str, str]
) -> None:
    period = {"since": since, **({"until": until} if until else {})}
    asked = asked_after("transactions", text, entities=period)
    assert asked is not None
    assert (asked.entities.since, asked.entities.until) == meant


def test_without_a_period_before_there_is_none_beside_it() -> None:
    assert asked_after("transactions", "and the week after", entities={"limit": 10}) is None
    assert asked_after("card_status", "and the week after", entities={"card": "4417"}) is None


def test_whether_it_is_blocked_asks_for_a_card_only_where_one_was_spoken_of() -> None:
    asked = asked_after("how_to", "and is it blocked?", question="how do I unblock a card")
    assert asked is not None
    assert asked.intent == "card_status"
    assert asked_after("balance", "and is it blocked?", question="balance of 3310") is None


def test_why_so_much_asks_after_money_only() -> None:
    asked = asked_after("spending", "why so much", entities={"since": "2026-10-01", "until": "2026-10-31"})
    assert asked is not None
    assert (asked.intent, asked.entities.order) == ("transactions", "largest")
    assert asked_after("card_status", "why so much") is None


@pytest.mark.parametrize("question", ["may dogs come inside", "are dogs welcome", "water bowl for a dog"])
def test_an_article_on_a_topic_nobody_has_seen_before_is_found(question: str) -> None:
    text = "Dogs on a lead are welcome inside. A water bowl stands beside the entrance."
    article = Passage("service-dogs", 1, "Dogs inside the bank", "Welcome", text, date(2026, 1, 1), "customer", 0.0)
    place = desk(None, library=FakeLibrary((*PASSAGES, article)))
    answer = Assistant(RulesModel(), TEAM).answer([Line("staff", question)], place, lambda step: None)
    assert [one.article_id for one in answer.citations] == ["service-dogs"]
    assert answer.agent == "handbook"


def test_a_foreign_topic_is_declined_after_the_handbook_had_nothing() -> None:
    answer = Assistant(RulesModel(), TEAM).answer(
        [Line("staff", "may dogs come inside")], desk(None), lambda step: None
    )
    assert answer.intent in ("out_of_scope", "unclear")
    assert [call.tool for call in answer.calls] == ["handbook"]
    assert not answer.citations
