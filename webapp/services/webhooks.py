"""Webhooks: registered by their owner, and the deliveries in the outbox, claimed one by one and settled."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import delete, func, select, update

from webapp.extensions import db
from webapp.models import Delivery, StaffUser, Webhook
from webapp.models.base import now
from webapp.models.programs import DeliveryState
from webapp.services import audit
from webapp.services.errors import BadInput, NotFound, WrongFields

MOST_PER_PERSON = 10
PAUSES = tuple(timedelta(seconds=pause) for pause in (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600))
MOST_ATTEMPTS = len(PAUSES) + 1
CLAIMED_FOR = timedelta(seconds=60)  # longer than a delivery may take: then its process has died
LOG_KEPT = timedelta(days=30)
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed delivery: everything its sender needs, as plain values."""

    delivery_id: int
    attempt: int
    url: str
    secret: str
    event: str
    event_id: str
    payload: str


def register(staff: StaffUser, url: str, events: Collection[str], networks: Collection[Network]) -> Webhook:
    """Register a webhook with a secret of its own; raises `WrongFields` for an address we would never send to."""
    if (db.session.scalar(select(func.count()).where(Webhook.staff_id == staff.id)) or 0) >= MOST_PER_PERSON:
        raise BadInput(f"You have {MOST_PER_PERSON} webhooks.", "Remove one that is not needed any more.")
    problem = refusal_of(url, networks)
    if problem:
        raise WrongFields([{"field": "url", "message": problem}])
    hook = Webhook(staff_id=staff.id, url=url, events=sorted(set(events)), secret=secrets.token_hex(32))
    db.session.add(hook)
    db.session.flush()
    audit.record(staff, "webhook.registered", hook.id, host=urlsplit(url).hostname or "", events=" ".join(hook.events))
    return hook


def refusal_of(url: str, networks: Collection[Network]) -> str:
    """Why nothing is ever sent to an address, "" if it may be. A name's own addresses are looked at when sending."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if not host or parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        return "is no plain address: no user, no password, no fragment"
    if parts.scheme != "https" and not networks:
        return "must begin with https://"
    return _refusal_of_host(parts, networks)


def _refusal_of_host(parts: SplitResult, networks: Collection[Network]) -> str:
    host = (parts.hostname or "").rstrip(".")
    try:
        ip_address(host)
    except ValueError:
        is_name = not host.replace(".", "").isdigit() and "." in host  # not 2130706433, not localhost
        return "" if is_name or networks else "is not a public address"
    return "" if may_reach(host, networks) else "is not a public address"


def may_reach(address: str, networks: Collection[Network]) -> bool:
    """Whether we send to an IP address: to public ones, and to the private networks the configuration names.

    Addresses that carry another one inside (IPv4-mapped, 6to4, NAT64, Teredo) are judged by that.
    """
    found = ip_address(address.split("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in IPv6Network("64:ff9b::/96"):
            inner = ip_address(int(found) & 0xFFFFFFFF)  # type: ignore[assignment]
        if inner is not None:
            return may_reach(str(inner), networks)
    if any(found.version == network.version and found in network for network in networks):
        return True
    return found.is_global and not found.is_multicast and not found.is_reserved


def of(staff: StaffUser) -> Sequence[Webhook]:
    """The person's webhooks, oldest first."""
    return db.session.scalars(select(Webhook).where(Webhook.staff_id == staff.id).order_by(Webhook.id)).all()


def hook_of(staff: StaffUser, hook_id: str) -> Webhook:
    """One of the person's webhooks; raises `NotFound` for any other."""
    hook = db.session.scalar(select(Webhook).where(Webhook.id == hook_id, Webhook.staff_id == staff.id))
    if hook is None:
        raise NotFound("This webhook does not exist.", "GET /api/webhooks lists yours.")
    return hook


def remove(staff: StaffUser, hook_id: str) -> None:
    """Forget a webhook with its deliveries, also those not sent yet; raises `NotFound`."""
    hook = hook_of(staff, hook_id)
    audit.record(staff, "webhook.removed", hook.id)
    db.session.execute(delete(Webhook).where(Webhook.id == hook.id))
    db.session.expunge(hook)


def deliveries(hook: Webhook, limit: int) -> Sequence[Delivery]:
    """The webhook's log, newest first."""
    return db.session.scalars(
        select(Delivery).where(Delivery.webhook_id == hook.id).order_by(Delivery.id.desc()).limit(limit)
    ).all()


def are_due() -> bool:
    """Whether anything is to be sent now. Only reads."""
    due = select(Delivery.id).where(Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at <= now())
    return db.session.scalar(due.limit(1)) is not None


def claim() -> Parcel | None:
    """Take the delivery that is due longest; None if none is. Nobody else takes it for `CLAIMED_FOR`."""
    due = (
        select(Delivery.id)
        .where(Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at <= now())
        .order_by(Delivery.next_attempt_at, Delivery.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    delivery_id = db.session.scalar(due)
    if delivery_id is None:
        return None
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(attempts=Delivery.attempts + 1, next_attempt_at=now() + CLAIMED_FOR)
    )
    row = db.session.get_one(Delivery, delivery_id, populate_existing=True)
    if row.webhook.staff.locked or row.attempts > MOST_ATTEMPTS:
        _end(row.id, DeliveryState.FAILED, row.last_status, row.last_problem or "Its owner is locked")
        return None
    return Parcel(row.id, row.attempts, row.webhook.url, row.webhook.secret, row.event, row.event_id, row.payload)


def settle(parcel: Parcel, status: int | None, problem: str | None) -> bool:
    """Note what came of an attempt; True if it was delivered, that is answered with a 2xx."""
    if status is not None and 200 <= status < 300:
        _end(parcel.delivery_id, DeliveryState.DELIVERED, status, None)
        return True
    problem = problem or f"answered {status}"
    if parcel.attempt >= MOST_ATTEMPTS:
        _end(parcel.delivery_id, DeliveryState.FAILED, status, problem)
    else:
        db.session.execute(
            update(Delivery)
            .where(Delivery.id == parcel.delivery_id)
            .values(next_attempt_at=now() + PAUSES[parcel.attempt - 1], last_status=status, last_problem=problem[:200])
        )
    return False


def _end(delivery_id: int, state: DeliveryState, status: int | None, problem: str | None) -> None:
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(state=state, last_status=status, last_problem=problem and problem[:200], finished_at=now())
    )


def forget_old() -> int:
    """Drop what was delivered or failed long ago from the log; returns how much."""
    old = delete(Delivery).where(Delivery.finished_at < now() - LOG_KEPT)
    return int(db.session.execute(old).rowcount)  # type: ignore[attr-defined]
