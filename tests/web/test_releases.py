"""The page of what waits for a second person: found from every page, current, and closed to others."""

from __future__ import annotations

import pytest
from bs4 import Tag
from flask import Flask

from tests.services.proposing import proposed, transfer
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE, audited

pytestmark = ON_SQLITE


@pytest.fixture
def waiting(app: Flask) -> int:
    """A teller's transfer above the limit."""
    with app.app_context():
        (one,) = proposed(transfer("6200.00"))
    return one


def navigation(visitor: Visitor, path: str) -> str:
    """What the link to the page says on a page; "" if there is none."""
    visitor.get(path)
    link = visitor.page.select_one('a[href="/releases"]')
    return link.get_text(" ", strip=True) if isinstance(link, Tag) else ""


def test_what_waits_is_counted_on_every_page_and_leads_to_its_card(app: Flask, manager: Visitor, waiting: int) -> None:
    assert navigation(manager, "/") == "Releases 1 waiting"
    assert navigation(manager, "/releases") == "Releases 1 waiting"
    item = manager.page.select_one("#releases li")
    assert item is not None
    words = item.get_text(" ", strip=True)
    assert "Maria Keller" in words
    assert "asked for by Tom Reuter , Nordhafen" in words
    link = item.select_one("a")
    assert link is not None
    address = str(link["href"])
    manager.get(address)
    assert manager.page.select_one(f"#{address.split('#')[1]}") is not None
    assert manager.page.select_one('a[href="/releases"]') is not None


def test_nothing_waiting_is_said_and_counts_nothing(manager: Visitor) -> None:
    assert navigation(manager, "/releases") == "Releases"
    assert "Nothing waits for a second person." in manager.page.get_text()


def test_only_who_may_release_gets_in(app: Flask, teller: Visitor, waiting: int) -> None:
    assert navigation(teller, "/") == ""
    for path in ("/releases", "/releases/list"):
        assert teller.get(path).status_code == 403
    assert Visitor(app).get("/releases").status_code in (302, 303, 401)


def test_an_open_page_asks_for_the_list_again(app: Flask, manager: Visitor, waiting: int) -> None:
    manager.get("/releases")
    listed = manager.page.select_one("#releases")
    assert listed is not None
    answer = manager.get(str(listed["hx-get"]), headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert manager.page.select_one(f"#release-{waiting}") is not None


def test_looking_is_recorded_once_in_a_while(app: Flask, manager: Visitor, waiting: int) -> None:
    for _ in range(3):
        manager.get("/releases")
    assert [(entry.actor, entry.object_id) for entry in audited(app, "releases.read")] == [("manager", "Nordhafen")]
