"""How the rules answer questions about accounts, movements and the customer."""

from __future__ import annotations

import re
from dataclasses import replace

from webapp.agents.models.rules.entities import Entities
from webapp.agents.models.rules.memory import Awaiting
from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.cases import sections
from webapp.agents.models.rules.scripts.part import (
    Part,
    Script,
    account_of,
    amount,
    beside,
    call,
    with_passage,
)
from webapp.agents.wording import together

_UNSAID_AMOUNT = re.compile(
    r"\b(over|above|more than|under|below|less than)\s*(?:a\s|some\s)?(?:certain\s)?(?:amount|sum|limit)?\s*[?.!]*$",
    re.I,
)
_IBAN_TOLD = "IBANs are shown by their ends here; the whole one is on the account confirmation, printed at once."
_CONTACT = re.compile(r"\b(?:phone|email|e-mail|mail|address|contact|live|lives|number|language|reach)\b", re.I)
_KYC = re.compile(r"\b(?:kyc|documents?|review)\b", re.I)
_VERIFY = re.compile(
    r"\b(?:verif\w+|identif\w+|caller|callers|checked|watch)\b",
    re.I,
)
_TREATED = re.compile(
    r"\b(?:bear in mind|careful|observe|speak\w*|talk\w*|special|treat\w*|noted|notes|hints?|know before)\b", re.I
)
_BACK = re.compile(r"\b(?:refund\w*|waive\w*|back|correct|wrong\w*|justified|goodwill)\b", re.I)
_BY_MONTH = re.compile(r"\b(?:averages?|compare\w*|comparison|per month|monthly|every month|month by month)\b", re.I)
_PAYS_WAGES = re.compile(r"\b(?:pays?|paid)\b.*\b(?:wages|salaries)\b|^wages\b", re.I)
_ABOUT_FEES = re.compile(r"\b(?:fees?|costs?|prices?|charges?|overdraft|statements?|terms)\b", re.I)
SETS_UP = re.compile(
    r"\b(?:set(?:ting)? up|switch|new (?:job|employer)|employer (?:needs|wants)|details|iban for|proof|confirmation|"
    r"form|direct deposit|onto this|paid (?:here|into this)|needs it for|"
    r"for (?:her|his) employer|what do i tell|salary to us)\b(?!.*\bwrong\b)",
    re.I,
)
_NOT_THERE = re.compile(r"\b(?:miss\w*|not|n't|late|where|no pay|hasn|haven|nothing)\b|n't\b", re.I)
_ONE_PAYMENT = re.compile(r"\b(?:payment|transaction|purchase|expense)\b", re.I)
_HAS_COME = re.compile(r"^\W*(?:has|have|did|is|was)\b", re.I)
_MOSTLY_OUT = (
    "card payment",
    "cash withdrawal",
    "direct debit",
    "standing order",
    "fee",
    "loan payment",
    "transfer out",
)


def balance(task: Task) -> Script:
    """One balance or all."""
    account = account_of(task.entities)
    seen = yield call("balance", account=account)
    if account is None or not seen.ok or "credit" not in account:
        return Part(
            seen.text,
            ("Show the last 10 transactions", "What is due in the next 14 days?", "How much of the overdraft is used?"),
        )
    return Part(seen.text, ("Show the credit card's transactions", "Which payments are due next?"))


def accounts_overview(task: Task) -> Script:
    """All accounts; one kind of them when a kind is named."""
    if task.entities.account and not task.entities.account.isdigit():
        seen = yield call("account_details", account=task.entities.account)
    else:
        seen = yield call("accounts_overview")
    text = seen.text
    if "frozen" in text and re.search(r"\bpay\b.*\bout\b|\bwhy\b|\bfrozen\b", task.text, re.I):
        text = with_passage(text, (yield sections("frozen and garnished accounts", "Why an account is frozen")))
    return Part(text, ("Show the last 10 transactions", "Which cards are there?", "What is the balance?"))


def account_details(task: Task) -> Script:
    """IBAN ending, status, rate."""
    seen = yield call("account_details", account=account_of(task.entities))
    whole = _IBAN_TOLD if seen.ok and re.search(r"\biban\b", task.text, re.I) else ""
    return Part(
        together(seen.text, whole), ("What is the balance?", "Show the last 10 transactions", "Which cards are there?")
    )


def overdraft(task: Task) -> Script:
    """The arranged overdraft, and what the handbook says when interest is asked for."""
    account = account_of(task.entities)
    seen = yield call("overdraft", account=account if account != "credit" else None)
    text = seen.text
    if re.search(r"\binterest\b.*\b(?:pay|paid|charged|booked)\b", task.text, re.I):
        paid = yield call("transactions", kind="interest", direction="out", limit=5)
        text = together(paid.text, text)
    if re.search(r"\binterest|\brate|\bcost", task.text, re.I):
        text = with_passage(text, (yield beside("overdraft interest rate")))
    return Part(text, ("What does the overdraft cost?", "What is the balance?", "Which payments are due next?"))


def profile(task: Task) -> Script:
    """The customer's record, or the part of it that was asked for."""
    part = "all"
    if _KYC.search(task.text):
        part = "kyc"
    elif _VERIFY.search(task.text):
        part = "verification"
    elif _CONTACT.search(task.text) and not re.search(r"bear in mind|careful|observe", task.text, re.I):
        part = "contact"
    elif _TREATED.search(task.text):
        part = "treatment"
    if part == "treatment":
        noted = yield call("customer_profile", part="verification")
        text = noted.text
        if noted.facts.get("vulnerable"):
            text = with_passage(text, (yield sections("vulnerable customers", "How to act")))
        return Part(text, ("How are callers checked for this customer?", "Show the customer's profile"))
    seen = yield call("customer_profile", part=part)
    text = seen.text
    if part in ("kyc", "verification") and seen.ok:
        topic = "KYC review documents" if part == "kyc" else "verification levels of callers"
        text = with_passage(text, (yield beside(topic)))
    return Part(
        text, ("Which accounts are there?", "When is the KYC review due?", "How are callers checked for this customer?")
    )


def transactions(task: Task) -> Script:
    """Movements with the filters that were said; a line of the list before; a question when the amount is missing."""
    said = task.entities
    if said.item:
        seen = yield call("transaction", transaction_id=said.item)
        return Part(seen.text, ("The customer disputes this payment", "Was anything charged twice?"))
    if _PAYS_WAGES.search(task.text):
        return (yield from spending(replace(task, entities=replace(said, kind=None, category="wages"))))
    if _pay_meant(task):
        return (yield from direct_deposit(task))
    unsaid = _UNSAID_AMOUNT.search(task.text)
    if unsaid and not (said.over or said.under or said.exact):
        bound = "over" if unsaid[1].lower() in ("over", "above", "more than") else "under"
        waiting = Awaiting("amount", task.text, task.intent.key, said.to_json(), bound=bound)
        return Part(f"{bound.capitalize()} which amount? Type it in euros, for example 50 or 49.90.", awaiting=waiting)
    merchant, note = said.merchant, ""
    if merchant is None and said.hint:
        found = yield call("find_merchant", text=said.hint)
        names = found.facts.get("names")
        if found.ok and isinstance(names, list) and names:
            merchant = str(names[0]) if len(names) == 1 else said.hint
        elif found.observation.outcome == "failed":
            return Part(found.text)
        else:
            note = f"{found.text} Everything else that was asked for is shown."
    seen = yield call("transactions", **_filters(said, merchant, task.text))
    text = f"{note}\n\n{seen.text}" if note and seen.ok else seen.text
    return Part(text, _next_after(said))


def _pay_meant(task: Task) -> bool:
    """Whether somebody only wants to know if the salary has come."""
    said = task.entities
    return (
        said.kind == "salary"
        and not (said.since or said.limit or said.over or said.exact)
        and bool(_HAS_COME.match(task.text))
    )


def _filters(said: Entities, merchant: str | None, text: str = "") -> dict[str, str | int | None]:
    exact = amount(said.exact)
    kind = said.kind
    direction = said.direction
    limit = said.limit
    if limit is None and kind in ("salary", "refund") and said.since is None and _HAS_COME.match(text):
        limit = 1  # "has the salary come in": the newest one answers
    if kind in _MOSTLY_OUT or kind in ("salary", "refund", "interest", "transfer in"):
        direction = None
    return {
        "since": said.since,
        "until": said.until,
        "over": amount(said.over),
        "under": amount(said.under),
        "at_least": exact or amount(said.at_least),
        "at_most": exact or amount(said.at_most),
        "merchant": merchant,
        "direction": direction,
        "kind": kind,
        "status": said.status,
        "account": said.account if said.account and not said.account.isdigit() else None,
        "ending_in": said.card or said.ending or (said.account if said.account and said.account.isdigit() else None),
        "order": said.order,
        "limit": limit
        or (1 if said.order and re.search(r"\b(?:payment|transaction|purchase|expense)\b", text, re.I) else None),
    }


def _next_after(said: Entities) -> tuple[str, ...]:
    narrower = "Only the ones over 100 EUR" if not said.over else "Show the last 10 transactions"
    return (narrower, "Was anything charged twice?", "How much was spent last month, by category?")


def direct_deposit(task: Task) -> Script:
    """What pay has come and when; how it is set up, or what to do when it is late."""
    if SETS_UP.search(task.text):
        account = yield call("account_details", account="current")
        passage = yield sections("salary and direct deposit", "Setting it up")
        number = account.text.split("\n")[0] if account.ok else ""
        text = together(number, passage.text if passage.ok else "")
        return Part(text, ("Has the salary come?", "When is the account fee waived?"))
    if re.match(r"wages\b", task.text, re.I) and task.entities.since:  # of a firm, these go out
        out = yield call("spending", since=task.entities.since, until=task.entities.until, category="wages")
        if out.ok and not out.text.startswith("Nothing"):
            return Part(out.text, ("How much was spent last month, by category?",))
    seen = yield call("pay")
    text = seen.text
    if seen.ok and (seen.facts.get("late") or seen.facts.get("pays") == 0 or _NOT_THERE.search(task.text)):
        text = with_passage(text, (yield sections("salary and direct deposit", "Not arrived")))
    return Part(
        text, ("Show incoming payments of the last 30 days", "What is the balance?", "Which payments are due next?")
    )


def close_account(task: Task) -> Script:
    """What has to be settled first, and the rules."""
    ends = yield call("open_ends", account=account_of(task.entities))
    rules = yield sections("closing an account", "Rules / Before closing")
    text = with_passage(ends.text if ends.observation.outcome != "refused" else "", rules)
    return Part(
        text,
        ("Show standing orders and direct debits", "How does the moving service work?", "A person, please"),
        needs_person=True,
        act=task.intent.act,
    )


def spending(task: Task) -> Script:
    """Sums by category; at one merchant when one is named."""
    said = task.entities
    if said.merchant:
        seen = yield call("transactions", **{**_filters(said, said.merchant), "direction": "out", "limit": 50})
        return Part(seen.text, ("How much was spent last month, by category?", "Was anything charged twice?"))
    category = "wages" if re.search(r"\bwages\b", task.text, re.I) else said.category or said.hint
    if _BY_MONTH.search(task.text):
        category = None if category and _BY_MONTH.search(category) else category
        seen = yield call("spending_by_month", category=category)
    elif said.order and not said.category:
        seen = yield call("transactions", **{**_filters(said, None), "direction": "out", "limit": said.limit or 5})
    else:
        seen = yield call("spending", since=said.since, until=said.until, category=category)
    return Part(
        seen.text,
        (
            "How much was spent last month, by category?",
            "Which payments are due next?",
            "Show the last 10 transactions",
        ),
    )


def fees_charged(task: Task) -> Script:
    """Fees from the records, and what the handbook says about the newest of them."""
    said = task.entities
    seen = yield call("fees_charged", since=said.since, until=said.until, amount=amount(said.exact))
    text = seen.text
    what = seen.facts.get("fee")
    if _BACK.search(task.text):
        text = with_passage(text, (yield sections("refunding a fee", "A fee charged wrongly / A fee charged rightly")))
        what = None
    if seen.ok and isinstance(what, str):
        topic = re.sub(r"[,\d].*", "", what)
        passage = yield beside(topic)
        named = said.exact is not None and said.exact.rstrip("0").rstrip(".") in passage.text
        if named or _ABOUT_FEES.search(passage.text.rsplit("Handbook, ", 1)[-1]):
            text = with_passage(text, passage)
    return Part(
        text,
        (
            "When is the account fee waived?",
            "What does a withdrawal at another bank's machine cost?",
            "A person, please",
        ),
    )
