"""The short run: whatever is killed at whatever moment, no question is lost or doubled, and every one is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Place
from tests.crash.campaign import Outcome, Plan, run, seed_from_environment
from tests.crash.installations import servers_installation, sqlite_installation
from tests.crash.verdict import first_of
from tests.work.celery_workers import MISSING, redis_program
from tests.work.conftest import POSTGRESQL, SQLITE

KILLS, MESSAGES = 3, 100


def judge(outcome: Outcome) -> None:
    assert not outcome.violations, f"SOAK_SEED={outcome.plan.seed}\n{first_of(outcome.violations)}"
    assert outcome.ledger.acknowledged >= MESSAGES
    assert len(outcome.kills) == KILLS
    assert sum(outcome.attempts.values()) >= MESSAGES


@pytest.mark.parametrize("place", [SQLITE], indirect=True)
def test_a_server_killed_at_random_loses_no_question_and_answers_every_one_once(place: Place, tmp_path: Path) -> None:
    with sqlite_installation(place, tmp_path) as installation:
        judge(run(installation, Plan(MESSAGES, KILLS, seed_from_environment(), in_a_session=10), print))


@pytest.mark.skipif(redis_program() is None, reason=MISSING)
@pytest.mark.parametrize("place", [POSTGRESQL], indirect=True)
def test_web_processes_and_workers_killed_at_random_lose_no_question_and_answer_every_one_once(
    place: Place, tmp_path: Path
) -> None:
    with servers_installation(place, tmp_path) as installation:
        judge(run(installation, Plan(MESSAGES, KILLS, seed_from_environment(), in_a_session=10), print))
