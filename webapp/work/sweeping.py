"""Find replies whose makers are lost, in whatever process, and let them be made again."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from webapp import figures
from webapp.http.events import log
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.services import replies
from webapp.services.replies import Claim
from webapp.work.answering import feed_of, makers_of
from webapp.work.identity import has_died, own_identity

FORGOTTEN_AFTER = timedelta(seconds=10)  # a claim of this very process that none of its threads holds


def take_back(app: Flask) -> int:
    """Take replies back from makers that have died or fallen silent; returns how many. Only reads, if none have."""
    with app.app_context():
        with reading():
            lost = [claim for claim in replies.claims() if _is_lost(app, claim)]
        taken = 0
        for claim in lost:
            with unit_of_work():
                changed = replies.hand_out_again(claim)
            if changed:
                taken += 1
                log.info("reply.taken_back", reply=claim.reply_id, chat=claim.chat_id)
                feed_of(app).publish(claim.chat_id, "changed")
    figures.swept(taken)
    return taken


def _is_lost(app: Flask, claim: Claim) -> bool:
    if claim.claimed_by == own_identity():
        return claim.token not in makers_of(app) and claim.silent_for(FORGOTTEN_AFTER)
    return claim.is_silent or has_died(claim.claimed_by)
