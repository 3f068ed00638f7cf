"""Commands: `flask assistant train|evaluate|route|regression|replay|usage`, `flask handbook search|evaluate`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from webapp.agents import regression
from webapp.agents.assistant import Assistant
from webapp.agents.learning.measures import Report, report
from webapp.agents.learning.recall import Asked, recall
from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules import measuring
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.routing import Router, put_in_place
from webapp.agents.models.rules.teaching import Schoolroom, TaughtError, checked, learnt, read_labelled
from webapp.agents.transcript import Desk
from webapp.bank.policy_library import Passage
from webapp.http.settings import config, library, meaning
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.services import audit, model_uses, regression_set, taught
from webapp.services.errors import ChatNotFound
from webapp.services.staff import ROLES
from webapp.work.replaying import replay

assistant_group = AppGroup("assistant", help="Teach the built-in model, try it, measure it.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_words_only = click.option("--words-only", is_flag=True, help="Leave the embedding model out.")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _opened(words_only: bool) -> Meaning | None:
    """The embedding model, opened now; None where it is not to be used or cannot be."""
    found = None if words_only else meaning()
    return found if found is not None and found.open() is not None else None


@assistant_group.command("train")
@click.argument("more", type=_FILE, required=False)
@_words_only
@with_appcontext
def train_command(more: Path | None, words_only: bool) -> None:
    """Train the intent model; MORE is a CSV (text, label) of the bank's own sentences, kept for later trainings.

    What staff have taught counts, too: questions they asked of another specialist instead, and examples from reviews.
    """
    instance = config().instance_path
    added = 0
    if more is not None:
        try:
            labelled = read_labelled(more)
            checked(labelled, intents())
        except TaughtError as error:
            raise click.ClickException(str(error)) from None
        added = Schoolroom(instance).add(labelled)
    from_staff = _take_from_staff(instance)
    started = time.perf_counter()
    by_meaning = _opened(words_only)
    model = learnt(instance, by_meaning, anew=True)
    total = len(Schoolroom(instance).all_of(intents()))
    kind = "words and meaning" if by_meaning else "words"
    click.echo(
        f"Trained on {total} sentences ({added} new) with {len(model.labels)} intents, by {kind}, "
        f"in {time.perf_counter() - started:.1f} s."
    )
    click.echo(from_staff)
    click.echo(
        f"The model is in {instance / 'assistant'}. Servers and workers load it from there when they start next; those "
        "running now go on with the one they have. With another instance folder, train there as well."
    )


def _take_from_staff(instance: Path) -> str:
    """Keep what the database says staff have taught; a sentence about it."""
    try:
        with reading():
            found = taught.sentences()
    except SQLAlchemyError as error:
        return (
            f"From staff: the database does not answer ({type(error).__name__}); what was kept last time is used again."
        )
    Schoolroom(instance).take_from_staff(found.clicks, found.added)
    return (
        f"From staff: {len(found.added)} examples from reviews, {len(found.clicks)} re-routed questions; "
        f"{found.left_out} re-routed questions teach nothing and were left out."
    )


@assistant_group.command("evaluate")
@click.argument("test", type=_FILE, required=False)
@click.option("--train", "train_file", type=_FILE, help="Train on this CSV first, instead of the desk's own intents.")
@_words_only
@_as_json
@with_appcontext
def evaluate_command(test: Path | None, train_file: Path | None, words_only: bool, as_json: bool) -> None:
    """Measure on a CSV (text, label): accuracy, macro-F1, calibration, coverage, confusions, milliseconds a message.

    With --train a model of its own is trained and measured on the messages themselves. Without it, the desk's own
    reading is measured, with cues and spelling as in a conversation; without TEST, too, on a fifth of its own examples
    that is left out of training, whole families of sentences at a time.
    """
    by_meaning = _opened(words_only)
    figures: dict[str, float] = {}
    try:
        if test is not None and train_file is not None:
            rows = read_labelled(test)
            guesses, milliseconds, seconds = measuring.of_a_model(read_labelled(train_file), rows, by_meaning)
            figures["training_seconds"] = round(seconds, 1)
        else:
            if test is not None:
                rows = read_labelled(test)
                checked(rows, intents())
                model = learnt(config().instance_path, by_meaning)
                router = Router(intents(), model, by_meaning.model if by_meaning else None)
            else:
                own = Schoolroom(config().instance_path).all_of(intents())
                router, rows = measuring.a_fifth_routed(own, by_meaning)
            guesses, milliseconds = measuring.of_a_router(router, rows)
            figures |= measuring.of_the_team(router, rows)
    except TaughtError as error:
        raise click.ClickException(str(error)) from None
    found = report(guesses, milliseconds)
    used = "words and meaning" if by_meaning else "words"
    click.echo(json.dumps({"model": used, **asdict(found), **figures}) if as_json else _spelled(found, figures, used))


def _spelled(found: Report, figures: dict[str, float], used: str) -> str:
    lines = [
        f"model                   {used}",
        f"messages                {found.messages} with {found.labels} labels",
        f"accuracy                {found.accuracy:.2%}",
        f"macro-F1                {found.macro_f1:.2%}",
        f"calibration error       {found.calibration_error:.2%}",
        f"coverage at 98 %        {found.coverage_at_98:.1%}",
        f"ms per message          {found.milliseconds:.2f}",
        *(f"{name.replace('_', ' '):<24}{value:g}" for name, value in figures.items()),
        "confusions (right, said, times)",
        *(f"  {times:>4}  {right} -> {said}" for right, said, times in found.confusions),
    ]
    return "\n".join(lines)


@assistant_group.command("route")
@_words_only
@with_appcontext
def route_command(words_only: bool) -> None:
    """Read a sentence a line; write a line of JSON for each: agent, intent, confidence, entities."""
    by_meaning = _opened(words_only)
    model = learnt(config().instance_path, by_meaning)
    router = Router(intents(), model, by_meaning.model if by_meaning else None)
    for line in sys.stdin:
        if line.strip():
            click.echo(json.dumps(measuring.routed(router, line.strip(), date.today()), ensure_ascii=False))


@assistant_group.command("replay")
@click.argument("session")
@_as_json
@with_appcontext
def replay_command(session: str, as_json: bool) -> None:
    """Ask the questions of a SESSION (its id, sess_...) again, and show what is answered differently now.

    Nothing is stored in the session, and nothing is proposed or changed in the bank.
    """
    try:
        with redirect_stdout(sys.stderr):  # the log; what is printed here is for other programs, too
            replayed = list(replay(current_app, session))
    except ChatNotFound:
        raise click.ClickException(f"There is no session {session}.") from None
    with unit_of_work():
        audit.record(None, "session.replayed", session)
    if as_json:
        told = [
            {**asdict(one), "differs_in": one.differs_in, "diff": one.diff if "text" in one.differs_in else []}
            for one in replayed
        ]
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for number, one in enumerate(replayed, start=1):
        click.echo(f"{number}. {' '.join(one.question.split())[:100]}")
        click.echo(f"   {'differs in ' + ', '.join(one.differs_in) if one.differs_in else 'the same'}")
        for name in one.differs_in:
            if name != "text":
                click.echo(f"   {name}: {_told(getattr(one.then, name))} -> {_told(getattr(one.now, name))}")
        for line in one.diff:
            click.echo(f"   {line}")
    differing = sum(bool(one.differs_in) for one in replayed)
    click.echo(f"{len(replayed)} questions, {differing} answered differently")


def _told(value: str | tuple[str, ...]) -> str:
    return (value if isinstance(value, str) else ", ".join(value)) or "none"


@assistant_group.command("usage")
@click.option("--days", type=click.IntRange(1, 3660), default=1, help="Today and so many days less one before it.")
@_as_json
@with_appcontext
def usage_command(days: int, as_json: bool) -> None:
    """What the language model was asked and what it cost, by person."""
    settings = config()
    with reading():
        since = model_uses.today_began(settings.default_time_zone) - timedelta(days=days - 1)
        found = model_uses.by_person(since)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
        return
    for one in found:
        click.echo(
            f"{one.username or '(replayed)':<24}{one.questions:>6} questions {one.fallbacks:>5} by the rules"
            f"{one.tokens_in:>10} tokens in {one.tokens_out:>9} out {one.cost:>10.4f} {settings.llm_currency}"
        )
    click.echo(f"{sum(one.cost for one in found):.4f} {settings.llm_currency} in all")


@assistant_group.command("regression")
@_words_only
@_as_json
@with_appcontext
def regression_command(words_only: bool, as_json: bool) -> None:
    """Ask the team every question of the regression set again; exit status 1 if one is not answered as it has to be.

    Reviewers put questions into the set. Each is asked by itself, without a customer, and nothing is stored.
    """
    by_meaning = _opened(words_only)
    model = learnt(config().instance_path, by_meaning)
    put_in_place(Router(intents(), model, by_meaning.model if by_meaning else None))
    with reading():
        cases = regression_set.cases()
    outcomes = regression.ask_again(cast(Assistant, current_app.extensions["bankside.assistant"]), cases, _desk())
    failed = [one for one in outcomes if one.missed]
    click.echo(_as_found(outcomes, len(failed)) if as_json else _in_words(outcomes, len(failed)))
    if failed:
        raise click.exceptions.Exit(1)


def _as_found(outcomes: Sequence[regression.Outcome], failed: int) -> str:
    told = []
    for one in outcomes:
        answered = {"agent": one.agent, "intent": one.intent, "articles": one.articles}
        told.append({"expected": asdict(one.expected), "answered": answered, "missed": one.missed})
    return json.dumps({"cases": len(outcomes), "failed": failed, "outcomes": told}, ensure_ascii=False)


def _in_words(outcomes: Sequence[regression.Outcome], failed: int) -> str:
    if not outcomes:
        return "The regression set is empty: reviewers put questions into it."
    lines = []
    for one in outcomes:
        lines.append(f"{'failed' if one.missed else 'ok':<8}{one.expected.id:>4}  {one.expected.text}")
        lines += [f"{'':<14}{sentence}" for sentence in one.missed]
    return "\n".join([*lines, f"{len(outcomes) - failed} of {len(outcomes)} are answered as expected."])


def _desk() -> Desk:
    """Nobody in particular, without a customer, who may do what the assistant proposes to."""
    parts = current_app.extensions
    return Desk(
        staff_name="Regression",
        staff_role="teller",
        customer=None,
        bank=parts["bankside.bank"],
        library=library(),
        now=datetime.now().astimezone(),
        staff_rights=frozenset(ROLES["teller"][1]),
        orders=parts["bankside.previews"],
    )


@click.command("search")
@click.argument("question")
@click.option("--limit", type=click.IntRange(1, 50), default=5)
@_as_json
@with_appcontext
def search_command(question: str, limit: int, as_json: bool) -> None:
    """Search the handbook for a QUESTION."""
    found = _searching().search(question, limit)
    if as_json:
        click.echo(json.dumps([_passage(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        click.echo(f"{one.score:.2f}  {one.likeness:.2f}  {one.article_id} {one.version}  {one.title}: {one.section}")


def _passage(one: Passage) -> dict[str, Any]:
    return {**asdict(one), "effective_on": one.effective_on.isoformat()}


@click.command("evaluate")
@click.argument("questions", type=_FILE)
@_as_json
@with_appcontext
def evaluate_handbook_command(questions: Path, as_json: bool) -> None:
    """Measure the handbook search on a CSV (text, label: the article's id): recall at 1, 3 and 5, MRR, milliseconds."""
    try:
        rows = read_labelled(questions)
    except TaughtError as error:
        raise click.ClickException(str(error)) from None
    searching = _searching()
    asked: list[Asked] = []
    searching.search(rows[0][0])  # the first search of a process reads the handbook
    started = time.perf_counter()
    for text, article in rows:
        asked.append(Asked(article, tuple(dict.fromkeys(one.article_id for one in searching.search(text, 20)))))
    milliseconds = (time.perf_counter() - started) * 1000 / len(rows)
    figures = {**recall(asked), "milliseconds": round(milliseconds, 2)}
    if as_json:
        missed: Sequence[str] = [text for (text, _), one in zip(rows, asked, strict=True) if one.place != 1]
        click.echo(json.dumps({**figures, "not_first": missed}, ensure_ascii=False))
        return
    for name, value in figures.items():
        click.echo(f"{name:<14}{value}")


def _searching() -> Any:
    """The handbook, by meaning too when the embedding model is there."""
    found = library()
    if found.by_meaning is not None:
        found.by_meaning.prepare()
    return found
