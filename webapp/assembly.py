"""Put the parts together: Flask's settings from ours, the libraries, the bank, the assistant and the runner."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jinja2
from flask import Flask
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, create_engine, event
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import figures, traces
from webapp.agents.assistant import Assistant
from webapp.agents.meaning.endpoint import EndpointMeaning
from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.chat_completions.endpoint import Settings
from webapp.agents.models.chat_completions.veil import Veil
from webapp.agents.models.rules import RulesModel
from webapp.agents.models.rules.routing import keep_models_in
from webapp.agents.roster import TEAM
from webapp.bank.address import BankAddress
from webapp.bank.previews import PreviewsOnly
from webapp.config import Config, ConfigError
from webapp.extensions import csrf, db, limiter, login_manager, migrate
from webapp.feed import MemoryFeed, RedisFeed
from webapp.http import events
from webapp.models.sqlite import BUSY_SECONDS, make_safe
from webapp.services.handbook import HandbookLibrary
from webapp.services.masking import mask_card_secrets
from webapp.services.meaning_index import MeaningIndex
from webapp.services.passwords import Passwords
from webapp.services.shelf import Bookcase
from webapp.work.broker import CeleryRunner
from webapp.work.carrying import Errands
from webapp.work.makers import Makers
from webapp.work.runner import Runner
from webapp.work.streams import Streams

LARGEST_FORM = 256 * 1024  # bytes
# A Redis that is there and does not answer is as good as gone: a request waits for it once, and not for long.
QUICKLY = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)}


def configure_flask(app: Flask, config: Config) -> None:
    """Flask's and the libraries' settings."""
    config.instance_path.mkdir(parents=True, exist_ok=True)
    events.configure()
    if config.metrics_folder is not None:
        figures.begin(config.metrics_folder, [agent.key for agent in TEAM])
    _begin_tracing(config)
    app.extensions["bankside.config"] = config
    app.config.update(
        SECRET_KEY=config.signing_key,
        SECRET_KEY_FALLBACKS=[key.strip() for key in config.secret_key_fallbacks.split(",") if key.strip()],
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=50,
        SESSION_COOKIE_NAME="__Host-bankside" if config.cookies_are_secure else "bankside",
        SESSION_COOKIE_SECURE=config.cookies_are_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=config.absolute_hours),
        SQLALCHEMY_DATABASE_URI=config.effective_database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(config),
        WTF_CSRF_CHECK_DEFAULT=False,  # http/access.py checks it, after the sign-in
        WTF_CSRF_TIME_LIMIT=None,  # as long as the sign-in
        RATELIMIT_STORAGE_URI=config.redis_url or "memory://",
        RATELIMIT_STORAGE_OPTIONS=QUICKLY if config.redis_url else {},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(config.redis_url),
        RATELIMIT_KEY_PREFIX="bankside",
    )
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _begin_tracing(config: Config) -> None:
    try:
        traces.begin(config.otel_exporter_otlp_endpoint)
    except traces.TracingNotInstalled as error:
        raise ConfigError(str(error)) from None


def _engine_options(config: Config) -> dict[str, Any]:
    # A connection for every thread that may want one: waiting for a connection while holding another is a deadlock.
    # Kept are as many as threads answer requests when all event streams are taken; a stream holds none.
    options: dict[str, Any] = {
        "pool_size": config.web_threads - config.most_streams + config.reply_threads + 2,
        "max_overflow": config.most_streams,
        "pool_timeout": BUSY_SECONDS,
        "hide_parameters": True,  # an error's text goes to the log; what somebody typed does not
    }
    if config.effective_database_url.startswith("postgresql"):
        waiting = f"-c lock_timeout={int(BUSY_SECONDS * 1000)}"
        options |= {
            "pool_pre_ping": True,
            "connect_args": {"connect_timeout": 5, "options": f"-c timezone=UTC {waiting}"},
        }
    return options


def bind_extensions(app: Flask) -> None:
    """The libraries that hook into Flask."""
    db.init_app(app)
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations", render_as_batch=True)
    csrf.init_app(app)
    login_manager.init_app(app)
    limiter.init_app(app)
    with app.app_context():
        make_safe(db.engine)
        if app.extensions["bankside.config"].otel_exporter_otlp_endpoint:
            traces.follow(db.engine)


def assemble(app: Flask, config: Config) -> None:
    """The bank, the handbook, the assistant, and the runner that makes replies."""
    reader = _guests_engine(config)
    app.extensions["bankside.guests_engine"] = reader
    app.extensions["bankside.passwords"] = Passwords(config.argon2_time_cost, config.argon2_memory_kib)
    app.extensions["bankside.bank"] = _guest("CORE_BANKING", config.core_banking, reader, config)
    desk = None if config.order_desk == "none" else _guest("ORDER_DESK", config.order_desk, reader, config)
    app.extensions["bankside.order_desk"] = desk
    app.extensions["bankside.previews"] = PreviewsOnly(desk) if desk is not None else None
    app.extensions["bankside.errands"] = Errands(app)
    meaning = Meaning(config.instance_path, wanted=config.meaning == "auto")
    app.extensions["bankside.meaning"] = meaning
    bookcase = Bookcase(reader)
    by_meaning = MeaningIndex(bookcase, _embeddings(app, config) or meaning)
    app.extensions["bankside.library"] = HandbookLibrary(reader, bookcase, by_meaning)
    keep_models_in(config.instance_path)
    model = RulesModel()
    app.extensions["bankside.model"] = model
    app.extensions["bankside.assistant"] = _assistant(app, config, Assistant(model, TEAM))
    app.extensions["bankside.makers"] = Makers()
    app.extensions["bankside.feed"] = RedisFeed(config.effective_feed_url) if config.feed == "redis" else MemoryFeed()
    app.extensions["bankside.streams"] = Streams(app, app.extensions["bankside.feed"], config)
    app.extensions["bankside.runner"] = (
        CeleryRunner(app, config) if config.runner == "celery" else Runner(app, config.reply_threads)
    )


def _assistant(app: Flask, config: Config, built_in: Assistant) -> Any:
    """The built-in team, or where a language model is configured the one that asks it first."""
    if not config.llm_base_url:
        return built_in
    from webapp.work.language_model import team_with_model  # only where it is wanted

    return team_with_model(app, config, built_in)


def _embeddings(app: Flask, config: Config) -> EndpointMeaning | None:
    """The endpoint whose vectors the handbook is searched with, if one is configured."""
    app.extensions["bankside.embeddings"] = None
    if config.embeddings_url:
        key = config.embeddings_key.get_secret_value()
        settings = Settings(config.embeddings_url, config.embeddings_model, key)
        veil = Veil(config.signing_key.encode(), mask_card_secrets)
        app.extensions["bankside.embeddings"] = EndpointMeaning(config.instance_path, settings, veil)
    found: EndpointMeaning | None = app.extensions["bankside.embeddings"]
    return found


def _is_sqlite(config: Config) -> bool:
    return config.effective_database_url.startswith("sqlite")


def _guests_engine(config: Config) -> Engine:
    """Connections for the bank and the handbook, apart from the requests' own: a guest's reads wait for no writer."""
    options = _engine_options(config)
    if _is_sqlite(config):
        options["connect_args"] = {"timeout": BUSY_SECONDS}
    engine = create_engine(config.effective_database_url, **options)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _keep_keys(connection: Any, _entry: Any) -> None:
            connection.execute("PRAGMA foreign_keys=ON")

    return engine


def _guest(setting: str, name: str, engine: Engine, config: Config) -> Any:
    """What the factory `package.module:function` makes of the engine, and of the bank's address if it takes two.

    Raises `ConfigError` if there is no such factory, or if it finds the address wanting.
    """
    module, _, attribute = name.partition(":")
    try:
        factory: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
        address = BankAddress(
            config.bank_url, config.bank_token, read_seconds=config.bank_seconds, order_seconds=config.order_seconds
        )
        return factory(*(engine, address)[: len(inspect.signature(factory).parameters)])
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"{setting}: {name!r} names no factory ({error})") from None
