"""What a message says about an order to the bank: why, to whom, from where, and what a customer answers to an alert."""

from __future__ import annotations

import re
from dataclasses import replace

from webapp.agents.models.rules.entities import Entities
from webapp.agents.models.rules.memory import Memory
from webapp.bank.iban import find_iban

_BLOCK_REASONS = (
    (re.compile(r"\b(?:stol\w+|theft|thief|robbed|snatched|pickpocket\w*)\b", re.I), "stolen"),
    (re.compile(r"\b(?:fraud\w*|scam\w*|phish\w*|hacked|cloned|misused|skimm\w+)\b", re.I), "fraud"),
    (
        re.compile(
            r"\b(?:temporar\w+|for (?:a|some) (?:time|while|few days)|freeze|pause|misplaced|at home|for now)\b", re.I
        ),
        "temporary",
    ),
    (re.compile(r"\b(?:lost|loses|losing|missing|left (?:it|her|his|my)|dropped)\b", re.I), "lost"),
)
_DAMAGED = re.compile(
    r"\b(?:damaged|broken|broke|bent|cracked|snapped|scratched|chip (?:is|does|doesn't|not)|melted|worn|defective|"
    r"washed)\b",
    re.I,
)
_EXPIRED = re.compile(r"\b(?:expired|expires|expiring|run out|out of date)\b", re.I)
_EXPRESS = re.compile(r"\b(?:express|tomorrow|urgent\w*|next day|quickly|asap)\b", re.I)
_DISPUTE_REASONS = (
    (re.compile(r"\b(?:twice|double|duplicate\w*|two times)\b", re.I), "duplicate charge"),
    (re.compile(r"\b(?:atm|cash machine|dispens\w+|no cash)\b", re.I), "ATM cash not dispensed"),
    (re.compile(r"\b(?:subscription|membership|abo)\b", re.I), "subscription not ended"),
    (re.compile(r"\b(?:wrong amount|too much|overcharged|higher than)\b", re.I), "wrong amount"),
    (
        re.compile(r"\b(?:not (?:received|arrived|delivered|come)|never (?:came|arrived|got|received|delivered)|"
                   r"didn't (?:arrive|come|get)|hasn't (?:arrived|come))\b", re.I),
        "goods not received",
    ),
    (re.compile(r"\b(?:not as described|faulty|fake|defect\w*|wrong (?:size|item))\b", re.I), "not as described"),
    (re.compile(r"\b(?:although cancelled|cancelled|canceled)\b", re.I), "cancelled but charged"),
    (re.compile(r"\b(?:refund|credit) (?:not|never|missing|hasn't)\b|\bno refund\b", re.I), "credit not received"),
    (
        re.compile(r"\b(?:fraud\w*|stolen|(?:wasn't|was not|not) (?:me|her|him|them|hers|his|the customer)|"
                   r"did(?:n't| not) (?:make|authori[sz]e))\b", re.I),
        "fraud",
    ),
    (re.compile(r"\b(?:unknown|never heard|(?:doesn't|does not) (?:know|recogni[sz]e))\b", re.I), "unknown merchant"),
)  # fmt: skip
_SAME_WHO = r"(?:me|her|him|them|she|he|they|the customer|customer|cust|my|hers|his)"
_ANSWERS = (
    (
        re.compile(r"\b(?:not sure|unsure|doesn't remember|does not remember|can't remember|maybe|don't know)\b", re.I),
        "unsure",
    ),
    (
        re.compile(
            rf"\b(?:wasn't|was not|weren't|isn't|not) {_SAME_WHO}\b|\bdid(?:n't| not) (?:make|do|authori[sz]e)\b"
            r"|\b(?:says|said|answers?|answered) no\b|\bnone of (?:them|these)\b",
            re.I,
        ),
        "no",
    ),
    (
        re.compile(
            rf"\b(?:was|were|it's|is) (?:really |indeed )?{_SAME_WHO}\b|\b(?:made|did|confirms?|recogni[sz]es?) "
            r"(?:it|them|these|this|those|the payments?)\b|\b(?:says|said|answers?|answered) yes\b|\bfalse alarm\b",
            re.I,
        ),
        "yes",
    ),
)
_OF_ALERT = re.compile(r"\b(?:alert|alarm|fraud (?:case|warning)|was it you)\b", re.I)
_ACCOUNT = (
    r"(?:(?:the|her|his|my|their|own)\s+)*((?:instant |notice |fixed |junior )?(?:savings?|saver)|current|checking|"
    r"giro|everyday|premium|credit(?: card)?|(?:account\s+)?(?:ending\s+(?:in\s+)?)?(?:\.\.)?\d{4})(?:\s+account)?\b"
)
_FROM = re.compile(rf"\bfrom\s+{_ACCOUNT}", re.I)
_TO = re.compile(rf"\b(?:to|into|onto)\s+{_ACCOUNT}", re.I)
_FOR = re.compile(r"\b(?:reference|ref|purpose|for)[:\s]+[\"“]?([^\"”,;]{3,60})", re.I)
_EMAIL = re.compile(r"[^@\s,;]{1,64}@[^@\s,;.]+(?:\.[^@\s,;.]+)+")
_PHONE = re.compile(r"\+?\d[\d /()-]{6,24}\d")
_STREET = re.compile(r"[^\W\d_][\w .'-]{2,60}\s\d{1,4}\s?[a-z]?,\s*\d{4,5}\s+[^\W\d_][\w .'-]{1,60}")
ONLY_NEXT = re.compile(r"\b(?:next one|only the next|just the next|once|this month's|next month's)\b", re.I)


def block_reason(text: str) -> str | None:
    """Why a card is to be blocked, as a tool wants it."""
    return next((reason for pattern, reason in _BLOCK_REASONS if pattern.search(text)), None)


def replace_reason(text: str) -> str | None:
    """Why a card is to be replaced."""
    if _DAMAGED.search(text):
        return "damaged"
    found = block_reason(text)
    if found and found != "temporary":
        return found
    return "expired" if _EXPIRED.search(text) else None


def wants_express(text: str) -> bool:
    """Whether the new card is needed by tomorrow."""
    return _EXPRESS.search(text) is not None


def dispute_reason(text: str) -> str | None:
    """Which of the ten reasons a text names."""
    return next((reason for pattern, reason in _DISPUTE_REASONS if pattern.search(text)), None)


def alert_answer(text: str, memory: Memory) -> str | None:
    """What the customer says to an alert, if the message is about one or follows one that was shown."""
    about = _OF_ALERT.search(text) is not None or memory.intent == "fraud_alerts"
    if not about or text.rstrip().endswith("?"):
        return None
    plain = text.strip(" .!").lower()
    if memory.intent == "fraud_alerts" and plain in ("yes", "no", "unsure"):
        return plain
    return next((answer for pattern, answer in _ANSWERS if pattern.search(text)), None)


def transfer_ends(text: str, said: Entities) -> Entities:
    """Where money comes from and goes to."""
    written = find_iban(text)
    source, target, reference = _FROM.search(text), _TO.search(text), _FOR.search(text)
    return replace(
        said,
        from_account=said.from_account or (_ending_or_kind(source[1]) if source else None),
        to_account=said.to_account or (_ending_or_kind(target[1]) if target and not (said.iban or written) else None),
        iban=said.iban or (written[0] if written else None),
        value=said.value or (reference[1].strip() if reference and not _ACCOUNT_WORD.match(reference[1]) else None),
    )


_ACCOUNT_WORD = re.compile(r"(?:the |her |his |my )?(?:customer|savings?|current|account)\b", re.I)


def _ending_or_kind(words: str) -> str:
    digits = "".join(sign for sign in words if sign.isdigit())
    return digits or words.lower().replace("savings", "savings").strip()


def contact_change(text: str, said: Entities) -> Entities:
    """Which contact detail is to become what."""
    email, street = _EMAIL.search(text), _STREET.search(text)
    if email:
        return replace(said, part="email", value=email[0])
    if street:
        return replace(said, part="address", value=_after_to(street[0]))
    phone = _PHONE.search(text)
    if phone and not re.search(r"\b(?:address|moved|street)\b", text, re.I):
        return replace(said, part="phone", value=phone[0].strip())
    for part, words in (
        ("email", r"e-?mail"),
        ("phone", r"phone|mobile|number|cell"),
        ("address", r"address|moved|move|street"),
    ):
        if re.search(rf"\b(?:{words})\b", text, re.I):
            return replace(said, part=said.part or part)
    return said


def _after_to(street: str) -> str:
    """A street without the words before it: "change the address to Am Kai 3, ..."."""
    return re.split(r"\b(?:to|is|now|address)\b\s*:?\s*", street, flags=re.I)[-1].strip()
