"""Bankside, the assistant desk for bank staff."""

from __future__ import annotations

from flask import Flask

from webapp import api, auth, chat, handbook, reviews, sessions
from webapp.assembly import assemble, bind_extensions, configure_flask
from webapp.chat import rendering
from webapp.cli import init_app as add_commands
from webapp.config import Config
from webapp.http import (
    access,
    assets,
    converters,
    cookie,
    errors,
    events,
    headers,
    health,
    input,
    metrics,
    moments,
    page_context,
    programs,
    reports,
    tracing,
    unit_of_work,
)


def create_app(config: Config | None = None) -> Flask:
    """The app, made from the environment unless a config is given. Raises `ConfigError` for a wrong setting."""
    config = config or Config.from_env()
    app = Flask(__name__, static_folder=None, template_folder="../templates")
    configure_flask(app, config)
    # In the order every request passes them.
    for passage in (unit_of_work, events, tracing, metrics, headers, programs, input, access):
        passage.init_app(app)
    bind_extensions(app)
    for part in (cookie, errors, converters, assets, moments, page_context, rendering):
        part.init_app(app)
    for room in (
        auth.bp,
        sessions.views.bp,
        chat.bp,
        handbook.bp,
        reviews.bp,
        api.bp,
        reports.bp,
        health.bp,
        metrics.bp,
    ):
        app.register_blueprint(room)
    assemble(app, config)
    add_commands(app)
    return app
