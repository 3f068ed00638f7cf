"""`make soak`, or `python -m tests.crash`: ask ten thousand questions while servers and workers are killed, and report.

Exit status 1 if anything was lost, doubled, mixed up or left unanswered.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgresql
from tests.conftest import Place, make_place
from tests.crash.campaign import Outcome, Plan, run, seed_from_environment
from tests.crash.installations import Installation, servers_installation, sqlite_installation
from tests.crash.report import markdown
from tests.crash.verdict import first_of
from tests.server import ROOT
from tests.work.celery_workers import MISSING, redis_program
from webapp.extensions import db

KINDS = ("sqlite", "servers")


def main(arguments: list[str]) -> int:
    """Run what is asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000, help="acknowledged questions (default 10,000)")
    parser.add_argument("--kills", type=int, default=50, help="how often something is killed (default 50)")
    parser.add_argument("--installation", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--seed", default=seed_from_environment(), help="default: SOAK_SEED, or a new one")
    parser.add_argument("--report", type=Path, default=ROOT / "instance" / "soak-report.md", help="where it is written")
    wanted = parser.parse_args(arguments)
    kinds = KINDS if wanted.installation == "both" else (wanted.installation,)
    if "servers" in kinds and not postgresql.available():
        parser.error(postgresql.MISSING)
    if "servers" in kinds and redis_program() is None:
        parser.error(MISSING)
    plan = Plan(wanted.messages, wanted.kills, wanted.seed)
    wanted.report.parent.mkdir(parents=True, exist_ok=True)
    outcomes = [soak(kind, plan, wanted.report.with_name(f"{wanted.report.stem}-{kind}")) for kind in kinds]
    wanted.report.write_text(markdown(outcomes))
    print(f"\n{markdown(outcomes)}\nWritten to {wanted.report}")
    return 1 if any(outcome.violations for outcome in outcomes) else 0


def soak(kind: str, plan: Plan, keep: Path) -> Outcome:
    """Set one installation up in a temporary folder, and carry out the plan.

    What its processes printed is copied to the folder `keep` if anything was not as promised.
    """
    with tempfile.TemporaryDirectory(prefix="bankside-soak-") as folder, installed(kind, Path(folder)) as installation:
        print(f"\n{installation.name}, seed {plan.seed}", flush=True)
        outcome = run(installation, plan, tell=lambda line: print(line, flush=True))
        if outcome.violations:
            keep.mkdir(exist_ok=True)
            for printed in Path(folder, "served").glob("*.txt"):
                shutil.copy(printed, keep)
            print(f"What the processes printed is kept in {keep}")
    print(first_of(outcome.violations) or "no violations", flush=True)
    return outcome


@contextmanager
def installed(kind: str, folder: Path) -> Iterator[Installation]:
    """An installation on a new database."""
    if kind == "sqlite":
        with sqlite_installation(make_place("sqlite", "", folder / "looking"), folder / "served") as installation:
            yield installation
        return
    with postgresql.server() as server, postgresql.fresh_database(server) as url:
        place = make_place("postgresql", url, folder / "looking")
        with servers_installation(place, folder / "served") as installation:
            yield installation
        _let_go(place)


def _let_go(place: Place) -> None:
    """Close this process's connections, so that the database can be dropped."""
    with place.app.app_context():
        db.engine.dispose()
    place.app.extensions["bankside.guests_engine"].dispose()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
