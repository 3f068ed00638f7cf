"""The handbook's versions: drafted, published, scheduled, withdrawn, rolled back; two editors; who may read what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.services.steps import person
from tests.services.writing import (
    ID,
    TODAY,
    TOMORROW,
    UMBRELLAS,
    YESTERDAY,
    found,
    publish,
    save,
    saying,
    written,
)
from tests.work.caller import at_once
from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import AuditEntry, HandbookArticle
from webapp.services import editing, filing
from webapp.services.errors import ArticleRefused, DomainError, EditConflict, MoveNotAllowed
from webapp.services.in_force import take_the_pen
from webapp.services.shelf import Bookcase

pytestmark = pytest.mark.usefixtures("in_app")
LAST_WEEK = TODAY - timedelta(days=7)


def states() -> list[tuple[int, str]]:
    with reading():
        return [(one.version, one.state) for one in filing.versions_of(ID)]


def audited() -> list[str]:
    with reading():
        return list(db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == ID).order_by("id")))


def move_days(version: int, first: date, last: date | None = None) -> None:
    """As if a version had been published for other days; what nobody can do by the pages."""
    with unit_of_work():
        take_the_pen()
        row = editing.version(ID, version)
        row.effective_on, row.effective_until = first, last


def test_a_draft_is_seen_by_nobody_until_it_is_published_and_then_at_once(app: Flask) -> None:
    assert save().version == 1
    assert found(app, "zeppelin") == []
    assert app.extensions["bankside.library"].article(ID, 1) == []
    assert publish() == 1
    assert found(app, "zeppelin") == found(app, "brolly") == [(ID, 1)]
    assert audited() == ["handbook.saved", "handbook.published"]


def test_a_published_text_is_kept_as_it_was_and_the_next_one_takes_its_place(app: Flask) -> None:
    written("A zeppelin is not.")
    save(saying("A kayak is."))
    assert states() == [(1, "published"), (2, "draft")]
    assert found(app, "zeppelin") == [(ID, 1)]
    publish()
    assert (found(app, "zeppelin"), found(app, "kayak")) == ([], [(ID, 2)])
    library = app.extensions["bankside.library"]
    assert [one.text for one in library.article(ID, 1)] == ["A zeppelin is not."]


def test_a_draft_is_rewritten_in_its_place_and_the_same_text_is_not_saved_twice() -> None:
    first = save()
    assert save(saying("Two.", audience="staff")).id == first.id
    assert states() == [(1, "draft")]
    with reading():
        row = editing.version(ID, 1)
        assert (row.edits, row.audience, [one.audience for one in row.passages]) == (2, "staff", ["staff"])
        assert editing.wording_of(row) == replace(saying("Two.", audience="staff"), body="## Cover\n\nTwo.")
    save(saying("Two.", audience="staff"))
    assert editing.base_of(editing.current(ID)) == "1.2"
    publish()
    save(saying("Two.", audience="staff"))
    assert states() == [(1, "published")], "what is published already needs no draft"


def test_a_scheduled_version_counts_from_its_day_to_its_last_and_no_older_one_comes_back(app: Flask) -> None:
    written("A zeppelin is not.")
    written("A kayak is.", on=TOMORROW, until=TOMORROW)
    assert (found(app, "zeppelin"), found(app, "kayak")) == ([(ID, 1)], [])
    move_days(1, LAST_WEEK)
    move_days(2, YESTERDAY, TODAY)
    assert (found(app, "zeppelin"), found(app, "kayak")) == ([], [(ID, 2)])
    move_days(2, YESTERDAY, YESTERDAY)
    assert (found(app, "zeppelin"), found(app, "kayak")) == ([], [])
    assert "handbook.scheduled" in audited()


def test_of_versions_that_have_begun_the_later_day_counts_not_the_higher_number(app: Flask) -> None:
    """A correction published today does not cancel what is scheduled for next week."""
    written("A zeppelin is not.", on=TOMORROW)
    written("A kayak is.")
    assert found(app, "kayak") == [(ID, 2)]
    move_days(2, LAST_WEEK)
    move_days(1, TODAY)
    assert (found(app, "zeppelin"), found(app, "kayak")) == ([(ID, 1)], [])


@pytest.mark.parametrize(
    ("on", "until", "field"),
    [
        (YESTERDAY, None, "effective_on"),
        (TOMORROW, TODAY, "effective_until"),
        (date(9999, 1, 1), None, "effective_on"),
    ],
)
def test_days_that_cannot_be_are_refused(on: date, until: date | None, field: str) -> None:
    save()
    with pytest.raises(ArticleRefused) as refused:
        publish(on, until)
    assert refused.value.field == field
    assert states() == [(1, "draft")]


def test_a_withdrawn_article_is_found_no_more_and_a_later_version_brings_it_back(app: Flask) -> None:
    written("A zeppelin is not.")
    written("A kayak is.")
    with unit_of_work():
        editing.withdraw(person("manager"), ID, 2, TODAY)
    assert (found(app, "zeppelin"), found(app, "kayak")) == ([], [])
    assert states() == [(1, "published"), (2, "withdrawn")]
    written("A raft is.")
    assert found(app, "raft") == [(ID, 3)]
    assert "handbook.withdrawn" in audited()


def test_a_version_taken_out_of_the_schedule_leaves_the_one_in_force_alone(app: Flask) -> None:
    written("A zeppelin is not.")
    written("A kayak is.", on=TOMORROW)
    with unit_of_work():
        editing.withdraw(person("manager"), ID, 2, TODAY)
    move_days(1, LAST_WEEK)
    with unit_of_work():
        take_the_pen()
        row = editing.version(ID, 2)
        row.effective_on, row.effective_until = TODAY, YESTERDAY  # tomorrow has come
    assert found(app, "zeppelin") == [(ID, 1)]


def test_rolling_back_publishes_the_old_text_as_a_new_version(app: Flask) -> None:
    written("A zeppelin is not.")
    written("A kayak is.", title="Umbrellas and boats")
    with unit_of_work():
        assert editing.roll_back(person("manager"), ID, 1, TODAY).version == 3
    assert (found(app, "zeppelin"), found(app, "kayak")) == ([(ID, 3)], [])
    with reading():
        assert editing.version(ID, 3).title == "Umbrella insurance"
    assert "handbook.rolled_back" in audited()


def test_with_a_draft_nobody_rolls_back() -> None:
    written("A zeppelin is not.")
    save(saying("A kayak is."))
    with pytest.raises(MoveNotAllowed), unit_of_work():
        editing.roll_back(person("manager"), ID, 1, TODAY)


def test_the_second_of_two_editors_is_told_and_overwrites_nothing() -> None:
    written("A zeppelin is not.")
    began = editing.base_of(editing.current(ID))
    save(saying("Mine."), base=began, editor="manager")
    with pytest.raises(EditConflict) as conflict:
        save(saying("Yours."), base=began, editor="admin")
    assert conflict.value.version == 2
    with reading():
        assert [one.text for one in editing.version(ID, 2).passages] == ["Mine."]
    with pytest.raises(EditConflict), unit_of_work():
        editing.publish(person("admin"), ID, began, TODAY)
    with pytest.raises(EditConflict), unit_of_work():
        editing.discard(person("admin"), ID, began)


def test_of_eight_editors_at_once_exactly_one_saves(app: Flask) -> None:
    written("A zeppelin is not.")
    began = editing.base_of(editing.current(ID))

    def try_to_save(number: int) -> str:
        with app.app_context():
            try:
                save(saying(f"Text {number}."), base=began)
            except EditConflict:
                return "told"
            return "saved"

    assert sorted(at_once(8, try_to_save)) == ["saved", *["told"] * 7]
    assert states() == [(1, "published"), (2, "draft")]


def test_an_id_is_used_once() -> None:
    written("A zeppelin is not.")
    with pytest.raises(ArticleRefused) as refused:
        save(saying("Another."), base=editing.NEW)
    assert refused.value.field == "id"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"id": "Not an id"}, "id"),
        ({"title": " "}, "title"),
        ({"title": "x" * 161}, "title"),
        ({"audience": "everybody"}, "audience"),
        ({"topics": ()}, "topics"),
        ({"questions": ("twice", "Twice")}, "questions"),
        ({"body": "no section"}, "sections"),
        ({"body": "## One\n\n## Two\n\nx"}, "sections"),
        ({"needs_right": "not a right"}, "right"),
    ],
)
def test_what_cannot_be_an_article_is_refused_with_the_field(changed: dict[str, object], field: str) -> None:
    with pytest.raises(ArticleRefused) as refused:
        save(replace(UMBRELLAS, **changed), base=editing.NEW)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert refused.value.sentence.endswith(".")


def test_a_discarded_draft_leaves_the_version_in_force(app: Flask) -> None:
    written("A zeppelin is not.")
    save(saying("A kayak is."))
    with unit_of_work():
        editing.discard(person("manager"), ID, editing.base_of(editing.current(ID)))
    assert states() == [(1, "published")]
    assert found(app, "zeppelin") == [(ID, 1)]
    with pytest.raises(DomainError):
        publish()


def test_an_article_for_some_is_neither_found_nor_read_by_others_and_has_no_part_in_their_ranking(app: Flask) -> None:
    library = app.extensions["bankside.library"]
    before = [one.score for one in library.search("lost card block")]
    written("Lost card block: call extension 4400.", title="Lost card block", needs_right="sessions.read_branch")
    assert [one.score for one in library.search("lost card block")] == pytest.approx(before, rel=0.01)
    assert (ID, 1) not in found(app, "lost card block")
    assert (ID, 1) not in found(app, "lost card block", "sessions.use")
    assert (ID, 1) in found(app, "lost card block", "sessions.use", "sessions.read_branch")
    assert (ID, 1) in found(app, "lost card block", "handbook.edit"), "who writes the handbook reads all of it"
    assert library.article(ID) == []
    assert len(library.seen_by({"sessions.read_branch"}).article(ID)) == 1


def test_every_change_of_what_is_in_force_is_seen_by_the_searches_of_all_processes(app: Flask) -> None:
    bookcase = Bookcase(db.engine)
    seen = [bookcase.state()]
    written("A zeppelin is not.")
    seen.append(bookcase.state())
    with unit_of_work():
        editing.withdraw(person("manager"), ID, 1, TODAY)
    seen.append(bookcase.state())
    assert len(set(seen)) == 3


def test_the_seeded_editors_are_managers_and_administrators() -> None:
    editors = {name for name in ("teller", "specialist", "manager", "auditor", "admin")
               if person(name).may("handbook.edit")}  # fmt: skip
    assert editors == {"manager", "admin"}


def test_versions_that_came_by_import_meanwhile_keep_their_numbers() -> None:
    written("A zeppelin is not.")
    save(saying("A kayak is."))
    with unit_of_work():
        db.session.add(HandbookArticle(article_id=ID, version=3, title="x", effective_on=LAST_WEEK, audience="staff",
                                       topics=["x"], questions=["x"], digest="x", passages=[]))  # fmt: skip
    assert publish() == 4
