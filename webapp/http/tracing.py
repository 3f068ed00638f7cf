"""A span for every request, named by its route, going on with the trace that a proxy or another program began."""

from __future__ import annotations

from flask import Flask, Response, g, request
from opentelemetry import context, propagate, trace

from webapp.traces import tracer

UNTRACED = frozenset({"static.file", "health.live", "health.ready", "metrics.scrape"})


def _begin() -> None:
    if request.endpoint in UNTRACED:
        return
    span = tracer.start_span(
        f"{request.method} {request.endpoint or 'none'}",
        context=propagate.extract(dict(request.headers)),
        kind=trace.SpanKind.SERVER,
        attributes={"http.request.method": request.method, "http.route": str(request.url_rule or "")},
    )
    g.request_span = span
    g.request_span_token = context.attach(trace.set_span_in_context(span))


def _end(response: Response) -> Response:
    span: trace.Span | None = g.get("request_span")
    if span is not None:
        span.set_attribute("http.response.status_code", response.status_code)
        span.set_attribute("bankside.request_id", g.request_id)
        chat_id = (request.view_args or {}).get("chat_id")
        if chat_id:
            span.set_attribute("bankside.chat", chat_id)
        if response.status_code >= 500:
            span.set_status(trace.StatusCode.ERROR)
    return response


def _close(_error: BaseException | None) -> None:
    span: trace.Span | None = g.pop("request_span", None)
    if span is not None:
        context.detach(g.pop("request_span_token"))
        span.end()


def init_app(app: Flask) -> None:
    """Trace every request; free of charge while nobody receives the spans."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_close)
