"""Commands: `flask assistant train|evaluate|route`, `flask handbook search|evaluate`: teach, try and measure."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from webapp.agents.learning.measures import Report, report
from webapp.agents.learning.recall import Asked, recall
from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules import measuring
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.preparing import learnt
from webapp.agents.models.rules.routing import Router
from webapp.agents.models.rules.teaching import Schoolroom, TaughtError, checked, read_labelled
from webapp.bank.policy_library import Passage
from webapp.http.settings import config, library, meaning

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
    """Train the intent model; MORE is a CSV (text, label) of the bank's own sentences, kept for later trainings."""
    instance = config().instance_path
    added = 0
    if more is not None:
        try:
            labelled = read_labelled(more)
            checked(labelled, intents())
        except TaughtError as error:
            raise click.ClickException(str(error)) from None
        added = Schoolroom(instance).add(labelled)
    started = time.perf_counter()
    by_meaning = _opened(words_only)
    model = learnt(instance, by_meaning, anew=True)
    total = len(Schoolroom(instance).all_of(intents()))
    kind = "words and meaning" if by_meaning else "words"
    click.echo(
        f"Trained on {total} sentences ({added} new) with {len(model.labels)} intents, by {kind}, "
        f"in {time.perf_counter() - started:.1f} s. Servers use it after their next start."
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
    if found.by_meaning is not None and _opened(words_only=False) is not None:
        found.by_meaning.refresh()
    return found
