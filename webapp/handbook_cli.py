"""Command: `flask handbook import`: files and folders become articles of the handbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from webapp.bank.articles import AUDIENCES, ArticleError
from webapp.bank.documents import ENDINGS, LARGEST_FILE, Given, read_document
from webapp.http.settings import library, meaning
from webapp.http.unit_of_work import unit_of_work
from webapp.services import audit, filing

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--id", "article_id", help="The article's id, e.g. cards-limits. Default: made of its title.")
@click.option("--title", help="Default: the document's own, else its file's name.")
@click.option(
    "--audience", type=click.Choice(AUDIENCES), help="customer: may be read out. Default: the document's, else staff."
)
@click.option("--from", "effective_on", type=_DAY, help="First day. Default: the document's, else today.")
@click.option("--until", "effective_until", type=_DAY, help="Last day. Default: until a later version.")
@click.option("--topic", "topics", multiple=True, help="Several times for several.")
@click.option("--question", "questions", multiple=True, help="A question it answers, as staff ask it.")
@click.option("--right", "needs_right", help="Only roles with this right may read it, e.g. sessions.read_branch.")
@with_appcontext
def import_command(
    path: Path,
    article_id: str | None,
    title: str | None,
    audience: str | None,
    effective_on: datetime | None,
    effective_until: datetime | None,
    topics: tuple[str, ...],
    questions: tuple[str, ...],
    needs_right: str | None,
) -> None:
    """Import PATH, a Markdown, HTML, PDF or Word file, or a folder of them, into the handbook.

    Options are for what the documents do not say, and have the last word. What is there already is left alone; each
    file is stored wholly or not at all. The exit status is 1 if a file could not be taken.
    """
    if path.is_dir() and (article_id or title):
        raise click.UsageError("--id and --title are for a single file.")
    given = Given(
        article_id,
        title,
        audience,
        effective_on.date() if effective_on else None,
        effective_until.date() if effective_until else None,
        needs_right,
        topics,
        questions,
    )
    counted = {"imported": 0, "unchanged": 0, "refused": 0}
    for file in _files(path):
        try:
            word, line = _import(file, given)
        except ArticleError as error:
            word, line = "refused", str(error)
        except OSError as error:
            word, line = "refused", f"{file.name}: file: cannot be read ({error.strerror})"
        counted[word] += 1
        if word != "unchanged" or not path.is_dir():
            click.echo(f"{word:<10}{line}")
    if not any(counted.values()):
        raise click.ClickException(f"{path} has no files that end in {', '.join(ENDINGS)}.")
    by_meaning = library().by_meaning
    if counted["imported"] and by_meaning is not None and meaning().open() is not None:
        by_meaning.refresh()
    click.echo(f"{counted['imported']} articles imported, {counted['unchanged']} were there already", nl=False)
    click.echo(f", {counted['refused']} refused." if counted["refused"] else ".")
    if counted["refused"]:
        raise click.exceptions.Exit(1)


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if file.suffix.lower() in ENDINGS and file.is_file() and not hidden:
            yield file


def _import(file: Path, given: Given) -> tuple[str, str]:
    """Store one file; what was done, and the line that tells of it."""
    today = date.today()
    with file.open("rb") as opened:
        content = opened.read(LARGEST_FILE + 1)
    read = read_document(content, file.name, given, today)
    with unit_of_work():
        row, new = filing.import_read(read)
        if new:
            audit.record(None, "handbook.imported", row.article_id, version=row.version)
        elif not filing.says_the_same(row, read):
            raise ArticleError(
                f"{file.name}: version: {row.version} of {row.article_id} is there already with another text; "
                "give this one a higher number"
            )
        sections = len(row.passages)
    if not new:
        return "unchanged", f"{row.article_id} {row.version}"
    days = f"from {row.effective_on}" + (f" to {row.effective_until}" if row.effective_until else "")
    notes = "".join(f"; {note}" for note in read.notes)
    line = f"{row.article_id} {row.version}: {row.title} ({row.audience}, {sections} sections, {days}{notes})"
    return "imported", line
