"""One run: ask, kill, ask on, wait until everything is answered, look."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random

from tests.crash.asking import PEOPLE, Asker, Ledger
from tests.crash.installations import Installation
from tests.crash.standing import Kill
from tests.crash.verdict import attempts, unfinished, violations
from tests.work.caller import Caller

ASKERS = 9
LOOK_SECONDS = 0.1  # how often it is looked how many replies wait
MOST_WAITING = 60  # replies; more, and people wait before they ask on
A_MOMENT = 0.05  # seconds, at most, from a question's acknowledgement to a kill
ANSWERED_SECONDS = 180.0  # after everything was asked


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is asked and how often something is killed. The seed fixes what is chosen, not when threads run."""

    messages: int
    kills: int
    seed: str
    in_a_session: int = 40


@dataclass
class Outcome:
    """What happened, in figures; seconds."""

    installation: str
    plan: Plan
    ledger: Ledger
    kills: list[Kill] = field(default_factory=list)
    asking_seconds: float = 0.0
    answered_seconds: float = 0.0  # from the start until everything was answered
    after_last_kill: float = 0.0  # from the last kill until everything was answered
    seconds: float = 0.0  # with the looking afterwards
    attempts: Counter[int] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def seed_from_environment() -> str:
    """SOAK_SEED, else one nobody has used."""
    return os.environ.get("SOAK_SEED", "") or secrets.token_hex(4)


def run(installation: Installation, plan: Plan, tell: Callable[[str], None] = lambda _line: None) -> Outcome:
    """Carry out the plan; `tell` hears of the progress."""
    ledger = Ledger()
    outcome = Outcome(installation.name, plan, ledger)
    url = installation.url
    began = time.monotonic()
    with ExitStack() as stack:
        threads = list(_askers(url, plan, ledger, stack))
        pace = threading.Thread(target=_keep_pace, args=(installation, ledger), name="pace")
        for thread in [*threads, pace]:
            thread.start()
        try:
            last_kill = _kill_on_the_way(installation, outcome, threads, began, tell)
            for thread in threads:
                thread.join()
            outcome.asking_seconds = time.monotonic() - began
            installation.stand()
            _wait_until_answered(installation)
        finally:
            ledger.over.set()
            for thread in [*threads, pace]:
                thread.join()
    answered_at = time.monotonic()
    outcome.answered_seconds = answered_at - began
    outcome.after_last_kill = answered_at - last_kill
    tell(f"everything was answered after {outcome.answered_seconds:.0f} s; looking at what is stored")
    outcome.attempts = attempts(installation.place)
    outcome.violations = violations(installation.place, ledger, url)
    outcome.seconds = time.monotonic() - began
    return outcome


def _askers(url: str, plan: Plan, ledger: Ledger, stack: ExitStack) -> Iterator[threading.Thread]:
    share = -(-plan.messages // ASKERS)
    for number in range(ASKERS):
        person = PEOPLE[number % len(PEOPLE)]
        caller = stack.enter_context(Caller(url).sign_in(person))
        asker = Asker(number, caller, person, ledger, plan.seed)
        yield threading.Thread(target=asker.ask, args=(share, plan.in_a_session), name=f"asker-{number}")


def _kill_on_the_way(
    installation: Installation,
    outcome: Outcome,
    askers: Sequence[threading.Thread],
    began: float,
    tell: Callable[[str], None],
) -> float:
    """Kill at random moments while there is asking; returns when the last kill was."""
    ledger, plan = outcome.ledger, outcome.plan
    random = Random(plan.seed)
    killed_at = began

    def note(what: str, seconds: float) -> None:
        outcome.kills.append(Kill(what, time.monotonic() - seconds - began, seconds))

    stretch = plan.messages / max(plan.kills, 1)
    moments = [int(stretch * (number + random.random())) for number in range(plan.kills)]
    for number, (after, kind) in enumerate(zip(moments, installation.ways(random), strict=False), start=1):
        while ledger.acknowledged < after and any(asker.is_alive() for asker in askers):
            time.sleep(0.005)
        time.sleep(random.uniform(0, A_MOMENT))
        while not installation.kill(kind, random, note):
            installation.raise_problems()
            time.sleep(0.005)
        killed_at = time.monotonic()
        tell(
            f"{killed_at - began:6.1f} s  {ledger.acknowledged:6} acknowledged  {ledger.waiting:3} unfinished  "
            f"kill {number} of {plan.kills}: {kind}"
        )
    return killed_at


def _keep_pace(installation: Installation, ledger: Ledger) -> None:
    """Let nobody ask on while many replies wait: people would not."""
    try:
        while not ledger.over.wait(LOOK_SECONDS):
            ledger.waiting = unfinished(installation.place)
            if ledger.waiting > MOST_WAITING:
                ledger.may_ask.clear()
            else:
                ledger.may_ask.set()
    except Exception as error:
        ledger.note(f"looking at the queue failed: {error!r}")
    finally:
        ledger.may_ask.set()


def _wait_until_answered(installation: Installation) -> None:
    give_up = time.monotonic() + ANSWERED_SECONDS
    while unfinished(installation.place) and time.monotonic() < give_up:  # what is not, is told by the verdict
        time.sleep(0.05)
