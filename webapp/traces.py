"""Traces across web and worker, in OpenTelemetry's terms. Without a configured receiver every call here does nothing.

Spans carry names of routes, statuses and ids; never a query string, a statement's values, or a word of anybody's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry import context, propagate, trace
from sqlalchemy import Engine, event

tracer = trace.get_tracer("bankside")
MOST_REMEMBERED = 1000  # replies handed over and not begun yet

NOT_INSTALLED = "OTEL_EXPORTER_OTLP_ENDPOINT is set; install what it needs: pip install -r requirements-otel.txt"


class TracingNotInstalled(Exception):
    """Traces are wanted, but the optional packages are not there."""


def begin(endpoint: str, service: str = "bankside") -> None:
    """Send spans to this OTLP/HTTP receiver from now on; raises `TracingNotInstalled`. Further calls change nothing."""
    if not endpoint:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise TracingNotInstalled(NOT_INSTALLED) from None
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, about: Mapping[str, str | int]) -> Iterator[trace.Span]:
    """A span around what is done inside; an exception marks it by its type only, texts may quote a customer."""
    spelled = {f"bankside.{key}": value for key, value in about.items()}
    with tracer.start_as_current_span(
        name, attributes=spelled, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise


def carrier() -> dict[str, str]:
    """What a message to another process must carry: the trace, and the request id for the logs."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if request_id:
        headers["bankside_request_id"] = str(request_id)
    return headers


@contextmanager
def received(headers: Mapping[str, Any]) -> Iterator[None]:
    """Go on with the trace and request id that a message carries; without them, with a trace of its own."""
    token = context.attach(propagate.extract({key: value for key, value in headers.items() if isinstance(value, str)}))
    known = headers.get("bankside_request_id")
    try:
        with structlog.contextvars.bound_contextvars(**({"request_id": known} if known else {})):
            yield
    finally:
        context.detach(token)


_asked_by: OrderedDict[int, dict[str, str]] = OrderedDict()


def remember(reply_id: int, headers: Mapping[str, str] | None = None) -> None:
    """Who asked for this reply: the request going on now, or the one a message from another process carries."""
    known = dict(headers) if headers is not None else carrier()
    if known:
        _asked_by[reply_id] = known
        while len(_asked_by) > MOST_REMEMBERED:
            _asked_by.popitem(last=False)


@contextmanager
def resumed(reply_id: int) -> Iterator[None]:
    """Go on with the trace and request id of whoever asked for this reply, if this process was told."""
    with received(_asked_by.pop(reply_id, {})):
        yield


def follow(engine: Engine) -> None:
    """A span for every statement of this engine, named by its verb; only when somebody receives spans."""

    @event.listens_for(engine, "before_cursor_execute")
    def _before(_connection: Any, _cursor: Any, statement: str, _parameters: Any, doing: Any, _many: bool) -> None:
        if trace.get_current_span().is_recording() and doing is not None:
            verb = statement.lstrip().split(None, 1)[0].upper()[:12]
            doing.bankside_span = tracer.start_span(
                f"db {verb}", kind=trace.SpanKind.CLIENT, attributes={"db.system.name": engine.dialect.name}
            )

    @event.listens_for(engine, "after_cursor_execute")
    def _after(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, doing: Any, _many: bool) -> None:
        begun = getattr(doing, "bankside_span", None)
        if begun is not None:
            begun.end()

    @event.listens_for(engine, "handle_error")
    def _failed(failure: Any) -> None:
        begun = getattr(failure.execution_context, "bankside_span", None)
        if begun is not None:
            begun.set_status(trace.StatusCode.ERROR, type(failure.original_exception).__name__)
            begun.end()
