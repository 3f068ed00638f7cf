"""A language model behind the wire: streams, calls in pieces, errors, hangs and nonsense; and who answers then."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.agents.fakes import SilentBank, desk
from tests.model_server import (
    KEY,
    Act,
    ModelServer,
    breaks_off,
    calls,
    drips,
    endless,
    hands_over,
    hangs,
    raw,
    says,
    standing,
    status,
)
from webapp.agents.assistant import Assistant
from webapp.agents.models.chat_completions import endpoint as endpoint_module
from webapp.agents.models.chat_completions.breaker import Breaker
from webapp.agents.models.chat_completions.endpoint import Endpoint, Settings
from webapp.agents.models.chat_completions.failures import Reason
from webapp.agents.models.chat_completions.hearing import LONGEST_TEXT
from webapp.agents.models.chat_completions.spending import Left, ModelUse, Prices
from webapp.agents.models.chat_completions.team import Place, TeamWithModel, notice
from webapp.agents.models.rules import RulesModel
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Asker, Desk, Line, Step

QUESTION = "is card 4417 active"
RULES_SAY = "Nordhafen Debit ..4417 is active."


class Book:
    """A ledger on a piece of paper."""

    def __init__(self, left: Left = Left()) -> None:  # noqa: B008  # frozen
        self.may_spend = left
        self.uses: list[ModelUse] = []

    def left(self, asker: Asker) -> Left:
        return self.may_spend

    def note(self, asker: Asker, use: ModelUse) -> None:
        self.uses.append(use)


class Team:
    """The team on a stand-in, with a question at hand."""

    def __init__(self, server: ModelServer, book: Book | None = None, breaker: Breaker | None = None, **limits: object):
        quick: dict[str, object] = {"silence_seconds": 6.0, "turn_seconds": 12.0, **limits}
        self.endpoint = Endpoint(Settings(server.url, "stand-in", KEY, **quick), breaker)  # type: ignore[arg-type]
        self.book = book or Book()
        built_in = Assistant(RulesModel(), TEAM)
        self.team = TeamWithModel(self.endpoint, TEAM, built_in, self.book, Place("Nordhafen Bank", b"secret" * 6))
        self.steps: list[Step] = []

    def ask(self, text: str = QUESTION, where: Desk | None = None) -> Answer:
        return self.team.answer([Line("staff", text)], where or desk(), self.steps.append)

    @property
    def partials(self) -> list[str]:
        return [step.partial for step in self.steps if step.partial]


@pytest.fixture(scope="module")
def standing_in() -> Iterator[ModelServer]:
    with standing() as server:
        Endpoint(Settings(server.url, "stand-in")).prepare()
        yield server


@pytest.fixture
def server(standing_in: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setattr(endpoint_module, "PAUSES", ((0.0, 0.01), (0.0, 0.01)))
    monkeypatch.setattr(endpoint_module, "LOOK_SECONDS", 0.05)
    standing_in.does()
    yield standing_in
    standing_in.released.set()


CARD_STATUS = ("card_status", {"last_four": "4417"})


def test_a_question_is_handed_over_looked_up_and_answered_in_streamed_text(server: ModelServer) -> None:
    server.does(hands_over("cards", "it is about a card"), calls(CARD_STATUS), says("Card ..4417 is active."))
    team = Team(server)
    answer = team.ask()
    assert (answer.text, answer.agent, answer.model) == ("Card ..4417 is active.", "cards", "stand-in")
    assert answer.reason == "it is about a card"
    assert [(call.tool, call.arguments, call.outcome) for call in answer.calls] == [(*CARD_STATUS, "ok")]
    assert len(team.partials) > 2, "text is told as it comes"
    assert all(answer.text.startswith(one) for one in team.partials)
    assert server.keys == [f"Bearer {KEY}"] * 3
    assert server.paths == ["/v1/chat/completions"] * 3


def test_what_it_took_is_noted(server: ModelServer) -> None:
    server.does(hands_over("cards"), calls(CARD_STATUS), says("Card ..4417 is active."))
    team = Team(server, prices=Prices(Decimal("2.5"), Decimal(10)))
    team.ask()
    (use,) = team.book.uses
    assert (use.requests, use.tokens_in, use.tokens_out, use.failure) == (3, 300, 60, None)
    assert use.cost == 300 * 2.5 + 60 * 10
    assert use.model == "stand-in"
    assert use.prompt == team.team.version
    assert {"card_status", "hand_over_to_payments", "handbook"} <= set(use.tools)
    assert not use.estimated


def test_an_endpoint_that_does_not_count_is_estimated(server: ModelServer) -> None:
    server.does(says("Good morning.", tokens=None))
    team = Team(server)
    team.ask("hello")
    assert team.book.uses[0].estimated
    assert team.book.uses[0].tokens_in > 500
    assert team.book.uses[0].tokens_out == 5


def test_two_calls_at_once_with_ids_that_make_no_sense_are_both_made(server: ModelServer) -> None:
    both = calls(CARD_STATUS, ("cards_overview", {}), ids=["same", "same"], size=1)
    server.does(hands_over("cards"), both, calls(CARD_STATUS, ids=[None]), says("It is active."))
    answer = Team(server).ask()
    assert [call.tool for call in answer.calls] == ["card_status", "cards_overview", "card_status"]


FAILURES: list[tuple[str, Act, Reason]] = [
    ("401", status(401), "refused"),
    ("400", status(400), "refused"),
    ("429 with a long wait", status(429, "3600"), "rate_limited"),
    ("500", status(500), "server_error"),
    ("hangs before the first word", hangs(), "timed_out"),
    ("hangs in the middle", hangs("The card is blo"), "timed_out"),
    ("only comments", hangs(keep_alive=True), "timed_out"),
    ("a page of HTML", raw("<html>Welcome</html>", "text/html"), "nonsense"),
    ("no JSON", raw("data: {this is none}\n\n"), "nonsense"),
    ("JSON of another kind", raw('data: {"choices": "many"}\n\ndata: [1]\n\n'), "nonsense"),
    ("an error in the stream", raw('data: {"error": {"message": "overloaded"}}\n\n'), "server_error"),
    ("nothing at all", raw(""), "nonsense"),
    ("an empty answer", says(" \n"), "nonsense"),
    ("noise", says("\ufffd\x01\ue000 " * 30), "nonsense"),
    ("the same over and over", says("the card the card " * 200, size=900), "nonsense"),
    ("cut in the middle", breaks_off("The card is"), "cut"),
    ("ended without an end", breaks_off("The card is", politely=True), "cut"),
]


@pytest.mark.parametrize(
    ("act", "reason"), [(act, reason) for _, act, reason in FAILURES], ids=[f[0] for f in FAILURES]
)
def test_whatever_goes_wrong_the_built_in_rules_answer_and_say_so(
    server: ModelServer, act: Act, reason: Reason
) -> None:
    server.does(act, otherwise=act)
    team = Team(server, silence_seconds=0.6 if reason == "timed_out" else 6.0)
    started = time.monotonic()
    answer = team.ask()
    assert time.monotonic() - started < 25, "the question's time is 40 s"
    assert answer.text.startswith(RULES_SAY)
    assert answer.text.endswith(notice(reason))
    assert (answer.model, answer.agent) == ("rules", "cards")
    assert team.book.uses[0].failure == reason
    assert team.partials[-1] == notice(reason), "what had been streamed is replaced"
    assert KEY not in repr((answer, team.steps, team.book.uses)) + repr(team.endpoint.settings)


def test_a_server_that_is_not_there_is_said_to_be_unreachable(server: ModelServer) -> None:
    team = Team(ModelServer(url="http://127.0.0.1:9/v1"))
    assert team.ask().text.endswith(notice("unreachable"))
    assert team.book.uses[0].tokens_in == 0, "nothing was taken, nothing is counted"


def test_an_error_that_may_pass_is_tried_again_and_one_that_will_not_is_not(server: ModelServer) -> None:
    server.does(status(503), status(429, "0"), says("Good morning."))
    assert Team(server).ask("hello").text == "Good morning."
    server.does(status(401), says("Good morning."))
    assert Team(server).ask("hello").model == "rules"
    assert len(server.requests) == 1


def test_what_began_to_come_is_never_asked_for_twice(server: ModelServer) -> None:
    server.does(breaks_off("Half of "), says("whole"))
    assert Team(server).ask("hello").model == "rules"
    assert len(server.requests) == 1


def test_an_answer_without_end_is_cut_and_marked(server: ModelServer) -> None:
    server.does(endless("".join(f"word{number} " for number in range(900))))
    answer = Team(server).ask("hello")
    assert LONGEST_TEXT <= len(answer.text) < LONGEST_TEXT + 100
    assert answer.text.endswith("is cut here.*")
    assert server.hung_up.wait(5), "the line is given up"


def test_an_answer_that_drips_for_ever_ends_with_the_question_s_time(server: ModelServer) -> None:
    server.does(drips("on and "))
    started = time.monotonic()
    answer = Team(server, turn_seconds=0.6).ask()
    assert time.monotonic() - started < 5
    assert answer.text.endswith(notice("timed_out"))


def test_a_response_of_many_bytes_and_no_words_is_given_up(server: ModelServer) -> None:
    server.does(raw("data: " + "x" * 6_000_000 + "\n\n"))
    assert Team(server).ask().text.endswith(notice("nonsense"))


class Stopped(BaseException):
    """Somebody pressed stop."""


@pytest.mark.parametrize("act", [drips("word "), hangs("word "), hangs()])
def test_stop_ends_it_at_once_whether_text_comes_or_not(server: ModelServer, act: Act) -> None:
    server.does(act)
    team = Team(server, silence_seconds=10.0)
    asked = time.monotonic()

    def tell(step: Step) -> None:
        if time.monotonic() > asked + 0.2:
            raise Stopped

    with pytest.raises(Stopped):
        team.team.answer([Line("staff", QUESTION)], desk(), tell)
    assert time.monotonic() - asked < 6
    assert team.book.uses[0].failure == "stopped"
    assert team.book.uses[0].tokens_in > 0, "what was begun is paid for"
    assert team.endpoint.breaker.state == "closed"


def test_tools_that_do_not_exist_again_and_again_end_the_attempt(server: ModelServer) -> None:
    server.does(otherwise=calls(("transfer_money", {"amount": "1"})))
    answer = Team(server).ask()
    assert answer.text.endswith(notice("wrong_tools"))
    assert len(server.requests) == 3


def test_arguments_nobody_can_read_are_refused_and_may_be_corrected(server: ModelServer) -> None:
    server.does(hands_over("cards"), calls(("card_status", '{"last_four": "44')), calls(CARD_STATUS), says("Active."))
    answer = Team(server).ask()
    assert [call.outcome for call in answer.calls] == ["refused", "ok"]
    assert answer.text == "Active."


def test_a_question_has_eight_requests_and_eight_look_ups_at_most(server: ModelServer) -> None:
    server.does(hands_over("cards"), otherwise=calls(CARD_STATUS, CARD_STATUS, CARD_STATUS))
    answer = Team(server).ask()
    assert answer.text.endswith(notice("wrong_tools"))
    assert len(server.requests) == 5
    assert "tools" not in server.requests[-1]
    server.does(otherwise=hands_over("payments"))
    assert Team(server).ask().model == "rules"
    assert len(server.requests) <= 8


def test_after_five_failures_in_a_row_nobody_asks_until_one_may_try(server: ModelServer) -> None:
    moment = [0.0]
    breaker = Breaker(clock=lambda: moment[0])
    server.does(otherwise=status(401))
    team = Team(server, breaker=breaker)
    for _ in range(5):
        team.ask()
    assert (team.team.state, len(server.requests)) == ("open", 5)
    assert team.ask().text.endswith(notice("resting"))
    assert len(server.requests) == 5
    moment[0] = 31.0
    assert team.team.state == "half open"
    team.ask()
    assert (team.team.state, len(server.requests)) == ("open", 6)
    moment[0] = 62.0
    server.does(says("Good morning."))
    assert team.ask("hello").model == "stand-in"
    assert team.team.state == "closed"


def test_while_one_tries_a_breaker_admits_nobody_else() -> None:
    moment = [0.0]
    breaker = Breaker(failures=1, clock=lambda: moment[0])
    assert breaker.admit()
    breaker.failed()
    assert not breaker.admit()
    moment[0] = 30.0
    assert breaker.admit()
    assert not breaker.admit()
    breaker.abandoned()
    assert breaker.admit()
    breaker.succeeded()
    assert breaker.admit()
    assert breaker.admit()


@pytest.mark.parametrize(
    ("left", "reason"), [(Left(of_person=0), "budget_of_person"), (Left(of_all=0, of_person=5), "budget")]
)
def test_a_spent_budget_is_said_and_nothing_is_sent(server: ModelServer, left: Left, reason: Reason) -> None:
    answer = Team(server, Book(left)).ask()
    assert answer.text.endswith(notice(reason))
    assert server.requests == []


def test_a_budget_that_is_spent_in_the_middle_of_a_question_ends_it(server: ModelServer) -> None:
    server.does(hands_over("cards"), otherwise=calls(CARD_STATUS))
    team = Team(server, Book(Left(of_all=150)), prices=Prices(Decimal(1), Decimal(0)))
    assert team.ask().text.endswith(notice("budget"))
    assert len(server.requests) == 2


def test_no_more_requests_at_once_than_allowed(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "WAIT_FOR_TURN", 0.3)
    server.does(otherwise=drips("word "))
    team = Team(server, most_at_once=1, turn_seconds=1.5)
    first = threading.Thread(target=team.ask)
    first.start()
    while not server.requests:
        time.sleep(0.01)
    second = Team(server)
    second.team.endpoint = team.endpoint
    assert second.ask().text.endswith(notice("busy"))
    first.join()
    assert server.most_at_once == 1


def test_without_the_bank_s_names_nothing_leaves(server: ModelServer) -> None:
    answer = Team(server).ask(where=replace(desk(), bank=SilentBank()))
    assert answer.text.endswith(notice("records"))
    assert server.requests == []
