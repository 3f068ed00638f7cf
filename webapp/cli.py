"""Commands: `flask seed|migrate-safely|doctor`, and those of staff, sessions and the handbook."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from webapp.assistant_cli import assistant_group, evaluate_handbook_command, search_command
from webapp.handbook_cli import import_command
from webapp.http.health import look_around, look_at_rows
from webapp.http.settings import config, meaning, passwords
from webapp.http.unit_of_work import unit_of_work
from webapp.models.sqlite import DatabaseBusy
from webapp.seeding import seed_everything
from webapp.services import chats, doctor_repairs, staff
from webapp.services.errors import DomainError
from webapp.services.passwords import check_strength
from webapp.serving import migrate_safely

staff_group = AppGroup("staff", help="Members of staff.")
sessions_group = AppGroup("sessions", help="Sessions.")
handbook_group = AppGroup("handbook", help="The bank's handbook.")


@click.command("migrate-safely")
@with_appcontext
def migrate_command() -> None:
    """Bring the database to this version's schema; one process does it, others wait; refuses a newer schema."""
    migrate_safely(current_app)


@click.command("seed")
@with_appcontext
def seed_command() -> None:
    """Add roles; in demo mode also the demo staff, the sandbox bank and its handbook. Never overwrites anything."""
    seed_everything(current_app)


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Mend what can be mended first, and say what was done.")
@with_appcontext
def doctor_command(repair: bool) -> None:
    """Look whether everything needed is there and what is stored agrees with itself; exit status 1 if not."""
    if repair:
        for sentence, mend in REPAIRS.items():
            try:
                click.echo(f"{'mended':<12}{sentence}: {_mend_all(mend)}")
            except (SQLAlchemyError, DatabaseBusy) as error:
                click.echo(f"{'not mended':<12}{sentence}: the database refuses ({type(error).__name__})")
    click.echo(f"{'ok':<12}meaning: {meaning().sentence}")
    if not config().llm_base_url:
        click.echo(f"{'ok':<12}language model: none is configured (LLM_BASE_URL): the built-in rules answer")
    findings = [*look_around(), *look_at_rows()]
    for finding in findings:
        named = f" ({', '.join(finding.examples)})" if finding.examples else ""
        click.echo(f"{finding.level:<12}{finding.name}: {finding.sentence}{named}")
    if not all(finding.is_well for finding in findings):
        raise click.exceptions.Exit(1)


REPAIRS: dict[str, Callable[[], int]] = {  # in this order: a reply row that is added changes its session's counter
    "questions given a pending reply": doctor_repairs.add_missing_replies,
    "sessions whose counters were recomputed": doctor_repairs.recompute_counters,
    "stranded replies handed out again": doctor_repairs.hand_out_stranded,
}


def _mend_all(mend: Callable[[], int]) -> int:
    total = 0
    while True:
        with unit_of_work():  # a batch at a time: nobody waits long for the write lock
            mended = mend()
        total += mended
        if not mended:
            return total


@staff_group.command("add")
@click.argument("username")
@click.argument("display_name")
@click.option("--role", required=True, type=click.Choice(sorted(staff.ROLES)))
@click.option("--branch", required=True)
@click.password_option()
def add_staff(username: str, display_name: str, role: str, branch: str, password: str) -> None:
    """Add a member of staff."""
    _or_explain(lambda: check_strength(password, username, display_name))
    password_hash = passwords().hash(password)
    with unit_of_work():
        staff.add_roles()
        _or_explain(lambda: staff.add(username, display_name, role, branch, password_hash))
    click.echo(f"{username} can sign in.")


@staff_group.command("lock")
@click.argument("username")
def lock_staff(username: str) -> None:
    """Lock somebody out and end all their sign-ins."""
    with unit_of_work():
        _or_explain(lambda: staff.set_locked(username, True))
    click.echo(f"{username} is locked out.")


@staff_group.command("unlock")
@click.argument("username")
def unlock_staff(username: str) -> None:
    """Let somebody in again."""
    with unit_of_work():
        _or_explain(lambda: staff.set_locked(username, False))
    click.echo(f"{username} can sign in.")


@sessions_group.command("cleanup")
@click.option("--days", type=click.IntRange(min=1), required=True, help="Sessions without activity for so long.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def clean_up_sessions(days: int, dry_run: bool) -> None:
    """Delete old sessions that are not active."""
    with unit_of_work():
        done = chats.clean_up(None, days, dry_run=dry_run)
    verb = "would be deleted" if dry_run else "deleted"
    click.echo(f"{done['deleted']} sessions {verb} (last activity before {done['cutoff']}).")
    click.echo(f"{done['kept_active']} old ones kept: they are active, or what became of an order is not known.")


def _or_explain(act: object) -> None:
    try:
        act()  # type: ignore[operator]
    except DomainError as error:
        raise click.ClickException(f"{error.sentence} {error.next_step}") from None


def init_app(app: Flask) -> None:
    """Register the commands."""
    handbook_group.add_command(import_command)
    handbook_group.add_command(search_command)
    handbook_group.add_command(evaluate_handbook_command)
    groups = (staff_group, sessions_group, handbook_group, assistant_group)
    for command in (migrate_command, seed_command, doctor_command, *groups):
        app.cli.add_command(command)
