"""Settings from the environment (and `.env`), checked at the start: a wrong value stops it with one line."""

from __future__ import annotations

import os
import secrets
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32  # characters
BROKERS = ("redis://", "rediss://", "amqp://", "amqps://")


class ConfigError(Exception):
    """A setting is missing or wrong; the text is one line that says which and what to do."""


class Config(BaseSettings):
    """Everything that differs between installations. Frozen; read once."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore")

    app_env: Literal["demo", "production"] = "demo"
    demo_staff: bool | None = None  # demo sign-ins; on in demo, refused in production
    secret_key: str = ""
    secret_key_fallbacks: str = ""  # older keys, comma separated, still accepted while rotating
    instance_path: Path = ROOT / "instance"
    database_url: str = ""
    redis_url: str = ""  # shared rate limits and live updates when there are several processes
    feed_url: str = ""  # live updates from another Redis than the rate limits' one
    host: str = "127.0.0.1"
    port: int = Field(3006, ge=1, le=65535)
    web_processes: int = Field(1, ge=1, le=64)
    web_threads: int = Field(128, ge=2, le=4096)  # three quarters may hold an open page's event stream
    request_seconds: float = Field(30, gt=0)  # a request has to arrive, an answer to be taken, in this time
    secure_cookies: bool | None = None  # default: on in production, off in demo (plain HTTP on loopback)
    trusted_proxies: int = Field(0, ge=0, le=5)
    metrics_token: str = ""  # whoever shows it as a bearer token sees /metrics and the details of /health/ready
    metrics_port: int | None = Field(None, ge=1, le=65535)  # the same without token, on 127.0.0.1 only
    otel_exporter_otlp_endpoint: str = ""  # where traces go, e.g. http://127.0.0.1:4318; needs requirements-otel.txt

    bank_name: str = Field("Nordhafen Bank", min_length=1, max_length=60)
    core_banking: str = "webapp.bank.sandbox.bank:connect"
    order_desk: str = "webapp.bank.sandbox.order_desk:connect"  # "none": this installation only reads
    order_seconds: float = Field(10, gt=0, le=120)  # how long the bank may take to answer an order
    bank_url: str = ""  # for CORE_BANKING=webapp.bank.http.bank:connect, ORDER_DESK=webapp.bank.http.order_desk:connect
    bank_token: str = Field("", repr=False)  # secret: shown to that bank as a bearer token
    bank_seconds: float = Field(5, gt=0, le=60)  # how long that bank may take to answer a question
    verification_minutes: float = Field(15, gt=0, le=24 * 60)  # how long a checked caller counts as checked
    meaning: Literal["auto", "off"] = "auto"  # compare texts by what they mean, when the embedding model is installed
    llm_base_url: str = ""  # an OpenAI-compatible endpoint, e.g. https://llm.bank.example/v1; none: built-in rules only
    llm_api_key: SecretStr = SecretStr("")
    llm_model: str = Field("", max_length=80)
    llm_connect_seconds: float = Field(5, gt=0, le=60)
    llm_silence_seconds: float = Field(12, gt=0, le=120)  # the longest wait for anything new
    llm_turn_seconds: float = Field(40, gt=0, le=300)  # for all requests of a question; then the rules answer
    llm_max_tokens: int = Field(1_200, ge=16, le=32_000)  # of one response
    llm_length_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"  # as the endpoint calls it
    llm_temperature: float | None = Field(None, ge=0, le=2)  # none: the model's own
    llm_at_once: int = Field(4, ge=1, le=64)  # requests of a process at the same time
    llm_price_in: Decimal = Field(Decimal(0), ge=0)  # of a million tokens, in the currency of the budgets
    llm_price_out: Decimal = Field(Decimal(0), ge=0)
    llm_currency: str = Field("EUR", min_length=1, max_length=8)
    llm_daily_budget: Decimal = Field(Decimal(0), ge=0)  # of all together; 0: no limit
    llm_daily_budget_per_person: Decimal = Field(Decimal(0), ge=0)
    embeddings_url: str = ""  # an OpenAI-compatible endpoint for the handbook's search by meaning, instead of MEANING
    embeddings_key: SecretStr = SecretStr("")
    embeddings_model: str = Field("", max_length=80)
    default_time_zone: str = "Europe/Berlin"
    suggestions: str = "Balance and accounts|Recent payments|Card status|Open transfers|Fees and rates|Opening hours"

    idle_minutes: float = Field(15, gt=0, le=24 * 60)
    absolute_hours: float = Field(12, gt=0, le=24 * 7)
    sign_in_failures_per_name: int = Field(5, ge=1)  # in 15 minutes
    sign_in_failures_per_address: int = Field(30, ge=1)  # in 15 minutes
    messages_per_minute: int = Field(30, ge=1)
    reply_threads: int = Field(4, ge=1, le=64)
    reply_seconds: float = Field(60, gt=0)
    runner: Literal["threads", "celery"] = "threads"  # who makes replies: this server's threads, or Celery workers
    broker_url: str = ""  # Redis or AMQP, for Celery; default: REDIS_URL
    most_running: int = Field(0, ge=0)  # replies being made at the same time in all; 0: as many as there are makers
    most_running_per_person: int = Field(2, ge=1)
    graceful_seconds: float = Field(20, ge=0, le=600)  # how long replies may be finished when told to stop
    api_reply_wait: float = Field(20, ge=0, le=300)  # seconds a program's message waits for its reply before a 202
    api_requests_per_minute: int = Field(600, ge=1)  # of one access token
    webhook_networks: str = ""  # private networks that webhooks may reach, e.g. 10.20.0.0/16,127.0.0.0/8
    argon2_time_cost: int = Field(3, ge=1)
    argon2_memory_kib: int = Field(65536, ge=8)

    @field_validator("default_time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no such time zone: {name!r}") from error
        return name

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url.startswith("postgres://"):
            url = "postgresql://" + url.removeprefix("postgres://")
        if url and not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("use sqlite:///path/to/file.db or postgresql://user:password@host/name")
        if ":memory:" in url or url == "sqlite:///":
            raise ValueError("an in-memory database forgets; name a file")
        if url.startswith("sqlite:///"):
            url = f"sqlite:///{Path(url.removeprefix('sqlite:///')).absolute()}"
        return url

    @field_validator("instance_path")
    @classmethod
    def _from_here(cls, path: Path) -> Path:
        return path.absolute()  # relative to where one starts, for everything that is kept there

    @field_validator("metrics_token")
    @classmethod
    def _token_is_long(cls, token: str) -> str:
        if token and len(token) < SHORTEST_SECRET:
            raise ValueError(f"use at least {SHORTEST_SECRET} characters, made by a machine")
        return token

    @field_validator("webhook_networks")
    @classmethod
    def _networks_are_networks(cls, networks: str) -> str:
        for network in filter(None, map(str.strip, networks.split(","))):
            try:
                ip_network(network)
            except ValueError as error:
                raise ValueError(f"no such network: {network!r} ({error})") from error
        return networks

    @field_validator("llm_base_url", "embeddings_url")
    @classmethod
    def _endpoint_is_an_address(cls, url: str) -> str:
        found = urlsplit(url)
        if url and (found.scheme not in ("http", "https") or not found.hostname):
            raise ValueError("use https://host/path, usually ending in /v1")
        if found.username or found.password or found.query:
            raise ValueError("an address only; the key has a setting of its own")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _endpoints_are_complete(self) -> Self:
        for name, url, model in (
            ("LLM_MODEL", self.llm_base_url, self.llm_model),
            ("EMBEDDINGS_MODEL", self.embeddings_url, self.embeddings_model),
        ):
            if url and not model:
                raise ValueError(f"{name} is missing: which model is to be asked at {urlsplit(url).hostname}?")
            local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
            if url.startswith("http:") and self.app_env == "production" and not local:
                raise ValueError(f"{name}: in production the endpoint is asked over https, or on this machine")
        budgets = self.llm_daily_budget or self.llm_daily_budget_per_person
        if self.llm_base_url and budgets and not (self.llm_price_in or self.llm_price_out):
            raise ValueError("LLM_PRICE_IN and LLM_PRICE_OUT are missing: without prices no budget can be kept")
        if self.llm_base_url and self.effective_llm_seconds <= 0:
            raise ValueError("LLM_SILENCE_SECONDS leaves no time for an answer within REPLY_SECONDS")
        return self

    @model_validator(mode="after")
    def _celery_has_a_broker(self) -> Self:
        if self.runner == "celery" and not self.effective_broker_url.startswith(BROKERS):
            raise ValueError("RUNNER=celery needs BROKER_URL (or REDIS_URL): redis://host:6379/0 or amqp://host")
        return self

    @model_validator(mode="after")
    def _bank_is_reached_safely(self) -> Self:
        url, token = self.bank_url, self.bank_token
        over_http = any(name.startswith("webapp.bank.http.") for name in (self.core_banking, self.order_desk))
        if over_http and not url.startswith(("http://", "https://")):
            raise ValueError("BANK_URL has to name the bank's interface: https://core.example/api/v1")
        if not (token.isascii() and token.isprintable()):
            raise ValueError("BANK_TOKEN has to be printable ASCII")
        if over_http and self.app_env == "production" and not (url.startswith("https://") and token):
            raise ValueError("BANK_URL has to begin with https:// in production, and BANK_TOKEN has to be set")
        return self

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.app_env != "production":
            return self
        if len(self.secret_key) < SHORTEST_SECRET:
            raise ValueError(
                f"SECRET_KEY must have at least {SHORTEST_SECRET} characters in production; make one with: "
                "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if self.demo_staff:
            raise ValueError("DEMO_STAFF must be off in production: the demo sign-ins have a published password")
        if self.secure_cookies is False:
            raise ValueError("SECURE_COOKIES must be on in production: serve over HTTPS")
        return self

    @property
    def effective_llm_seconds(self) -> float:
        """The time a language model has for a question: so short that the rules can still answer within a reply's."""
        return min(self.llm_turn_seconds, self.reply_seconds - self.llm_silence_seconds - 1)

    @property
    def demo(self) -> bool:
        """Whether the demo staff and records are offered."""
        return self.app_env == "demo" if self.demo_staff is None else self.demo_staff

    @property
    def allowed_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The private networks that webhooks may reach."""
        return tuple(ip_network(one.strip()) for one in self.webhook_networks.split(",") if one.strip())

    @property
    def workers_url(self) -> str:
        """The Redis in which Celery workers say that they are there; "" if there is none."""
        known = (self.effective_broker_url, self.effective_feed_url)
        return next((url for url in known if url.startswith("redis")), "") if self.runner == "celery" else ""

    @property
    def metrics_folder(self) -> Path | None:
        """Where the processes of this host count together; None while nobody may see metrics."""
        return self.instance_path / "metrics" if self.metrics_token or self.metrics_port else None

    @property
    def cookies_are_secure(self) -> bool:
        """Whether cookies carry Secure and the __Host- prefix."""
        return self.app_env == "production" if self.secure_cookies is None else self.secure_cookies

    @property
    def effective_database_url(self) -> str:
        """The database to use: the one named, else a SQLite file in the instance folder."""
        return self.database_url or f"sqlite:///{self.instance_path / 'bankside.db'}"

    @property
    def effective_feed_url(self) -> str:
        """The Redis that carries live updates between processes; "" for one process, whose memory is enough."""
        return self.feed_url or self.redis_url

    @property
    def feed(self) -> Literal["memory", "redis"]:
        """What carries live updates."""
        return "redis" if self.effective_feed_url else "memory"

    @property
    def most_streams(self) -> int:
        """How many event streams a process holds: the other threads are left to answer requests."""
        return max(1, self.web_threads * 3 // 4)

    @property
    def effective_broker_url(self) -> str:
        """Where Celery workers are told of replies to make."""
        return self.broker_url or self.redis_url

    @property
    def signing_key(self) -> str:
        """The key cookies are signed with. In demo mode it is made once and kept in the instance folder (0600)."""
        if self.secret_key:
            return self.secret_key
        return _kept_secret(self.instance_path / "secret_key")

    @classmethod
    def from_env(cls, **overrides: object) -> Config:
        """Read the environment; raises `ConfigError` with one line naming the first wrong setting."""
        try:
            return cls(**overrides)  # type: ignore[arg-type]  # pydantic checks the values
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]).upper()
            reason = str(first["msg"]).removeprefix("Value error, ")
            raise ConfigError(f"{name}: {reason}" if name else reason) from None


def _kept_secret(path: Path) -> str:
    """Read the secret, or make it; two processes starting at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # fails if another process was first: theirs counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    secret = path.read_text().strip()
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"{path} holds no usable secret; delete it and start again (everybody signs in anew)")
    return secret
