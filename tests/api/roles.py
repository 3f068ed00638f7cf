"""Who may do what through the programs' door: one table, which a test walks with every role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ROLES = ("teller", "specialist", "manager", "auditor", "admin", "nobody")
# What each role is to the teller's session: its owner, of the same branch, its manager, a reader of all, of another
# branch, and somebody without a token.


@dataclass(frozen=True)
class Row:
    """A method and an address; the statuses for each of `ROLES` in order, and for an object that is gone."""

    method: str
    path: str
    statuses: tuple[int, ...]
    gone: int | None = None  # for the owner, or for the manager where only managers may
    body: dict[str, Any] = field(default_factory=dict)


CHAT = "{chat}"  # in a body: the session's id, or any word that is new each time
# fmt: off
TABLE = (
    #   method    path                                      teller spec. man. audit. admin nobody
    Row("GET",    "/api",                                   (200, 200, 200, 200, 200, 401)),
    Row("GET",    "/api/openapi.json",                      (200, 200, 200, 200, 200, 200)),
    Row("GET",    "/api/docs",                              (200, 200, 200, 200, 200, 200)),
    Row("GET",    "/api/health",                            (200, 200, 200, 200, 200, 200)),
    Row("GET",    "/api/agents",                            (200, 200, 200, 200, 200, 401)),
    Row("POST",   "/api/chat/search",                       (200, 200, 200, 200, 200, 401), body={"query": "cards"}),
    Row("POST",   "/api/auth/login",                        (401, 401, 401, 401, 401, 401),
        body={"username": CHAT, "password": "wrong"}),
    Row("GET",    "/api/sessions",                          (200, 200, 200, 200, 200, 401)),
    Row("POST",   "/api/sessions",                          (201, 201, 201, 403, 201, 401)),
    Row("POST",   "/api/sessions",                          (201, 403, 201, 403, 403, 401), body={"userId": "teller"}),
    Row("GET",    "/api/users/teller/sessions",             (200, 200, 200, 200, 200, 401)),
    Row("POST",   "/api/sessions/cleanup",                  (403, 403, 200, 403, 403, 401)),
    Row("GET",    "/api/sessions/{chat}",                   (200, 404, 200, 200, 404, 401), gone=404),
    Row("GET",    "/api/sessions/{chat}/history",           (200, 404, 200, 200, 404, 401), gone=404),
    Row("GET",    "/api/sessions/{chat}/proposals",         (200, 404, 200, 200, 404, 401), gone=404),
    Row("GET",    "/api/chat/history?sessionId={chat}",     (200, 404, 200, 200, 404, 401), gone=404),
    Row("GET",    "/api/chat/sessions/{chat}/messages",     (200, 404, 200, 200, 404, 401), gone=404),
    Row("GET",    "/api/chat/sessions/{chat}/events",       (200, 404, 200, 200, 404, 401), gone=404),
    Row("POST",   "/api/sessions/{chat}/messages",          (200, 404, 404, 404, 404, 401), gone=404,
        body={"content": "opening hours"}),
    Row("POST",   "/api/chat/sessions/{chat}/messages",     (200, 404, 404, 404, 404, 401), gone=404,
        body={"message": "opening hours"}),
    Row("POST",   "/api/chat/message",                      (200, 404, 404, 404, 404, 401), gone=404,
        body={"content": "opening hours", "sessionId": CHAT}),
    Row("GET",    "/api/chat/messages/{reply}",             (200, 404, 200, 200, 404, 401), gone=404),
    Row("POST",   "/api/chat/messages/{reply}/rating",      (200, 404, 200, 200, 404, 401), gone=404,
        body={"thumb": "down", "reason": "unclear"}),
    Row("GET",    "/api/chat/messages/{reply}/rating",      (200, 404, 200, 200, 404, 401), gone=404),
    Row("DELETE", "/api/chat/messages/{reply}/rating",      (204, 404, 204, 204, 404, 401), gone=404),
    Row("POST",   "/api/chat/messages/{reply}/instead",     (200, 404, 404, 404, 404, 401), gone=404,
        body={"agent": "disputes"}),
    Row("POST",   "/api/chat/messages/{reply}/stop",        (200, 404, 404, 404, 404, 401), gone=404),
    Row("POST",   "/api/chat/messages/{reply}/retry",       (409, 404, 404, 404, 404, 401), gone=404),
    Row("PATCH",  "/api/sessions/{chat}/status",            (200, 404, 404, 404, 404, 401), gone=404,
        body={"status": "waiting"}),
    Row("POST",   "/api/sessions/{chat}/resolve",           (200, 404, 404, 404, 404, 401), gone=404),
    Row("POST",   "/api/sessions/{chat}/resume",            (200, 404, 404, 404, 404, 401), gone=404),
    Row("POST",   "/api/webhooks",                          (201, 201, 201, 201, 201, 401),
        body={"url": "https://crm.example.com/x", "events": ["reply.done"]}),
    Row("GET",    "/api/webhooks",                          (200, 200, 200, 200, 200, 401)),
    Row("GET",    "/api/webhooks/{hook}",                   (200, 404, 404, 404, 404, 401), gone=404),
    Row("GET",    "/api/webhooks/{hook}/deliveries",        (200, 404, 404, 404, 404, 401), gone=404),
    Row("DELETE", "/api/webhooks/{hook}",                   (204, 404, 404, 404, 404, 401), gone=404),
    Row("DELETE", "/api/sessions/{chat}",                   (403, 403, 200, 403, 403, 401), gone=403),
    Row("POST",   "/api/auth/logout",                       (204, 204, 204, 204, 204, 401)),
)
# fmt: on
