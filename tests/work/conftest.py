"""Real servers on the tests' databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from tests.conftest import Place, seeded_place
from tests.server import Server, running
from webapp.extensions import db


@dataclass
class Site:
    """A running server and, in this process, an app on the same database to look at what it stored."""

    server: Server
    place: Place

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.server.url


# Each worker of a parallel run serves one kind of database.
KINDS = [pytest.param(kind, marks=pytest.mark.xdist_group(f"servers-{kind}")) for kind in ("sqlite", "postgresql")]
SQLITE, POSTGRESQL = KINDS


@pytest.fixture(scope="module", params=KINDS)
def site(
    request: pytest.FixtureRequest, places: dict[str, Place], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One server for a whole module, which never resets its database: tests count what is theirs."""
    kind: str = request.param
    if kind not in places:
        places[kind] = seeded_place(kind, request, tmp_path_factory.mktemp(kind))
    place = places[kind]
    place.reset()
    with running(tmp_path_factory.mktemp("served"), url_of(place), wsgi="tests.work.rolling_back") as server:
        yield Site(server, place)


def url_of(place: Place) -> str:
    """The address of the place's database."""
    with place.app.app_context():
        return db.engine.url.render_as_string(hide_password=False)


def column(place: Place, statement: str, **values: object) -> list[object]:
    """The first column of what a query finds in the place's database, read anew."""
    with place.app.app_context():
        return list(db.session.scalars(text(statement), values))
