"""What an id in an address may look like: anything else is no address of ours."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from webapp.bank.articles import ID_PATTERN as ARTICLE_PATTERN
from webapp.models.base import ID_PATTERN, LARGEST_NUMBER


class ChatId(BaseConverter):
    """`sess_` and what `new_id` spells."""

    regex = f"sess_{ID_PATTERN}"


PERSON_PATTERN = "[A-Za-z0-9._-]{1,64}"


class Person(BaseConverter):
    """A user name, or a person's id."""

    regex = PERSON_PATTERN


class HookId(BaseConverter):
    """`hook_` and what `new_id` spells."""

    regex = f"hook_{ID_PATTERN}"


class ArticleId(BaseConverter):
    """A handbook article's id."""

    regex = f"(?=.{{1,80}}(?:/|$)){ARTICLE_PATTERN}"


class RowNumber(IntegerConverter):
    """A number a row can have: larger ones would not fit the column they are compared with."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=LARGEST_NUMBER)


def init_app(app: Flask) -> None:
    """Let routes say `<chat:chat_id>` and `<row:reply_id>`."""
    app.url_map.converters["article"] = ArticleId
    app.url_map.converters["chat"] = ChatId
    app.url_map.converters["hook"] = HookId
    app.url_map.converters["person"] = Person
    app.url_map.converters["row"] = RowNumber
