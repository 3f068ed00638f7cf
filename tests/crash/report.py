"""The report of a run, in Markdown."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg

from tests.crash.campaign import ASKERS, Outcome
from tests.crash.installations import WEB, WEB_PROCESS, WORKER
from tests.crash.standing import Kill
from tests.server import ROOT

PROMISE = """\
Every question is sent with a request id, and sent again with the same one until it is acknowledged, while servers and
workers are killed (`kill -9`). Afterwards the database, `flask doctor` and every session's page are looked at."""


def markdown(outcomes: Sequence[Outcome]) -> str:
    """The whole report."""
    head = [
        "# Killed at random, nothing lost",
        "",
        f"Bankside {_version()} on {_machine()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        PROMISE,
    ]
    return "\n".join([*head, *(line for outcome in outcomes for line in _of(outcome))]) + "\n"


def _of(outcome: Outcome) -> list[str]:
    ledger, plan = outcome.ledger, outcome.plan
    replies = sum(outcome.attempts.values())
    lines = [
        "",
        f"## {outcome.installation}",
        "",
        f'`make soak ARGS="--seed {plan.seed} --messages {plan.messages} --kills {plan.kills}"` makes the same choices '
        "again; when threads run is chance.",
        "",
        "| what | figure |",
        "| --- | --- |",
        f"| people asking at once, sessions | {ASKERS}, {len(ledger.conversations)} |",
        f"| messages acknowledged | {ledger.acknowledged:,} |",
        f"| sent again after an error | {ledger.sent_again:,} |",
        f"| given up by the person after an error | {ledger.given_up} |",
        f"| sent a second time although acknowledged | {ledger.sent_twice} |",
    ]
    for what in (WEB, WEB_PROCESS, WORKER):
        kills = [kill for kill in outcome.kills if kill.what == what]
        if kills:
            lines.append(f"| kills of {what}; seconds until ready again, median and most | {_times(kills)} |")
    spread = ", ".join(f"{times} in {number}" for number, times in sorted(outcome.attempts.items()))
    lines += [
        f"| replies made, by the number of attempts | {replies:,}: {spread} |",
        f"| seconds from the last kill until everything was answered | {outcome.after_last_kill:.1f} |",
        f"| seconds of asking, until everything was answered, with looking afterwards | {outcome.asking_seconds:.0f}, "
        f"{outcome.answered_seconds:.0f}, {outcome.seconds:.0f} |",
        f"| messages asked and answered per second, kills included | {replies / outcome.answered_seconds:.1f} |",
        f"| load of the machine, 15 minutes | {os.getloadavg()[2]:.1f} |",
        f"| **violations** | **{len(outcome.violations)}** |",
    ]
    if outcome.violations:
        lines += ["", *(f"- {violation}" for violation in outcome.violations[:100])]
    return lines


def _times(kills: Sequence[Kill]) -> str:
    seconds = [kill.seconds for kill in kills]
    return f"{len(kills)}; {statistics.median(seconds):.1f}, {max(seconds):.1f}"


def _version() -> str:
    """The commit, with a + if files have changed since."""
    told = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(told, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "(no commit)"


def _machine() -> str:
    parts = [f"{os.cpu_count()} cores", platform.system(), f"Python {platform.python_version()}"]
    return ", ".join([*parts, f"SQLite {sqlite3.sqlite_version}", f"psycopg {psycopg.__version__}"])
