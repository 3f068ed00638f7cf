"""Webhooks: a program registers where it wants to hear of events, and sees how their delivery went."""

from __future__ import annotations

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from webapp.api.contract import asked_body, asked_query, says
from webapp.api.room import answer, bp
from webapp.api.schemas import asked, told
from webapp.http.access import staff
from webapp.http.programs import for_scope
from webapp.http.settings import config
from webapp.models import Delivery, Webhook
from webapp.models.programs import DeliveryState, Scope
from webapp.services import webhooks


@bp.post("/webhooks")
@for_scope(Scope.MANAGE)
@says(body=asked.NewWebhook, created=told.NewWebhookTold, tag="Webhooks")
def register_webhook() -> ResponseReturnValue:
    """Register an address; the answer holds the secret that signs what is sent there, this once."""
    wanted: asked.NewWebhook = asked_body()
    hook = webhooks.register(staff(), wanted.url, wanted.events, config().allowed_networks)
    said = told.NewWebhookTold(**_webhook(hook).__dict__, secret=hook.secret)
    return answer(said, 201, {"Location": url_for("api.webhook", hook_id=hook.id)})


@bp.get("/webhooks")
@says(ok=told.Webhooks, tag="Webhooks")
def webhooks_of_caller() -> ResponseReturnValue:
    """The caller's webhooks."""
    found = [_webhook(hook) for hook in webhooks.of(staff())]
    return answer(told.Webhooks(webhooks=found, count=len(found)))


@bp.get("/webhooks/<hook:hook_id>")
@says(ok=told.WebhookTold, tag="Webhooks")
def webhook(hook_id: str) -> ResponseReturnValue:
    """One webhook."""
    return answer(_webhook(webhooks.hook_of(staff(), hook_id)))


@bp.delete("/webhooks/<hook:hook_id>")
@for_scope(Scope.MANAGE)
@says(nothing=None, tag="Webhooks")
def remove_webhook(hook_id: str) -> ResponseReturnValue:
    """Remove a webhook; what was not delivered yet is dropped."""
    webhooks.remove(staff(), hook_id)
    return Response(status=204)


@bp.get("/webhooks/<hook:hook_id>/deliveries")
@says(query=asked.Latest, ok=told.Deliveries, tag="Webhooks")
def deliveries(hook_id: str) -> ResponseReturnValue:
    """The webhook's delivery log, newest first, kept for 30 days."""
    wanted: asked.Latest = asked_query()
    rows = webhooks.deliveries(webhooks.hook_of(staff(), hook_id), wanted.limit)
    return answer(told.Deliveries(deliveries=[_delivery(row) for row in rows], count=len(rows)))


def _webhook(hook: Webhook) -> told.WebhookTold:
    return told.WebhookTold.model_validate(
        {"id": hook.id, "url": hook.url, "events": hook.events, "created_at": hook.created_at}
    )


def _delivery(row: Delivery) -> told.DeliveryTold:
    waits = row.state == DeliveryState.PENDING
    return told.DeliveryTold.model_validate(
        {
            "id": row.event_id,
            "event": row.event,
            "session_id": row.chat_id,
            "state": str(row.state),
            "attempts": row.attempts,
            "last_status": row.last_status,
            "last_problem": row.last_problem,
            "created_at": row.created_at,
            "next_attempt_at": row.next_attempt_at if waits else None,
            "finished_at": row.finished_at,
        }
    )
