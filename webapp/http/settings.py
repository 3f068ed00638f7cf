"""The running app's own parts, found from inside a request without importing the factory."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from flask import current_app

from webapp.agents.meaning.loading import Meaning
from webapp.bank.core_banking import CoreBanking
from webapp.bank.order_desk import OrderDesk
from webapp.feed.events import Feed, Kind
from webapp.http.unit_of_work import after_commit
from webapp.services.handbook import HandbookLibrary
from webapp.services.passwords import Passwords

if TYPE_CHECKING:
    from webapp.config import Config


def config() -> Config:
    """The settings this app was made with."""
    return cast("Config", current_app.extensions["bankside.config"])


def core_banking() -> CoreBanking:
    """The bank behind this app."""
    return cast(CoreBanking, current_app.extensions["bankside.bank"])


def order_desk() -> OrderDesk | None:
    """Where orders go; None in an installation that only reads."""
    return cast("OrderDesk | None", current_app.extensions["bankside.order_desk"])


def library() -> HandbookLibrary:
    """The handbook as it is searched."""
    return cast(HandbookLibrary, current_app.extensions["bankside.library"])


def meaning() -> Meaning:
    """The embedding model of this process, as far as it is there."""
    return cast(Meaning, current_app.extensions["bankside.meaning"])


def feed() -> Feed:
    """Where this app's pages hear of changes."""
    return cast(Feed, current_app.extensions["bankside.feed"])


def tell(chat_id: str, kind: Kind, **facts: str | int) -> None:
    """Tell a session's open pages, once this request's work is stored."""
    after_commit(partial(feed().publish, chat_id, kind, **facts))


def passwords() -> Passwords:
    """The password hasher of this app."""
    return cast(Passwords, current_app.extensions["bankside.passwords"])
