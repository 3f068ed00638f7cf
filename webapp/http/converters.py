"""What an id in an address may look like: anything else is no address of ours."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter

from webapp.models.base import ID_PATTERN


class ChatId(BaseConverter):
    """`sess_` and what `new_id` spells."""

    regex = f"sess_{ID_PATTERN}"


def init_app(app: Flask) -> None:
    """Let routes say `<chat:chat_id>`."""
    app.url_map.converters["chat"] = ChatId
