"""What is said without looking anything up: greetings, help, asking back, declining, offering a person."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.agents.models.rules.examples import OUT_OF_SCOPE
from webapp.agents.models.rules.memory import Awaiting
from webapp.agents.models.rules.reading import CONVERSATION, Reading, Task
from webapp.agents.models.rules.routing import router
from webapp.agents.models.rules.scripts.requests import PERSON
from webapp.agents.wording import PANEL, listed
from webapp.agents.words import tokens

_ENOUGH = 2  # questions in a row that were not understood before a person is offered
_FIRST = ("What is the balance?", "Show the last 10 transactions", "What is the procedure for a lost card?")
_WITHOUT_CUSTOMER = (
    "What is the procedure for a lost card?",
    "What is the cut-off time for SEPA transfers?",
    "When is the Altmarkt branch open?",
)
CAN_DO = (
    "I answer questions about a customer's accounts, movements, statements, cards, transfers, loans, savings, "
    "disputes, fraud alerts and papers, and I quote the handbook."
)
_SORRY = {
    "unclear": "I am not sure what you need.",
    "misunderstood": "Then I misunderstood. Say it in other words, please.",
}
ONLY_READS = "I only read: nothing in the bank is changed here yet."
PROPOSES = "What changes the bank (cards, transfers, disputes, contact details) I propose, and you confirm."
HELP = f"""{CAN_DO} {ONLY_READS}

- **Accounts**: balances, movements by period, amount or merchant, spending, fees, overdraft, salary, closing
- **Cards**: status, reasons for declining, wrong PINs, limits
- **Payments**: transfers and why they failed, standing orders, direct debits, what is due
- **Loans and savings**: what is owed and due, balances and rates, applying, repaying early
- **Disputes and fraud**: how disputes stand, alerts, charges made twice, payments gone through with the customer
- **Customer care**: customer details, KYC, statements, change of name, powers of attorney, deaths, complaints, branches
- **Handbook**: rates, fees, procedures, deadlines, opening hours, with their source
- **A person**: say so, and the session can be handed to a specialist"""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it becomes what the model says."""

    text: str
    intent: str
    confidence: float
    reason: str = ""
    suggestions: tuple[str, ...] = ()
    needs_person: bool = False
    awaiting: Awaiting | None = None
    task: Task | None = None  # the task to carry on from
    question: str = ""


def reply_to(reading: Reading, customer_number: str | None, may_propose: bool = False) -> Reply:
    """The reply to a reading that needs no look-up."""
    first = _FIRST if customer_number else _WITHOUT_CUSTOMER
    if reading.kind == "by hand":
        text = "Words confirm nothing. Use the button on the card above, so that exactly what it shows is done."
        return Reply(text, "help", 1.0, "a proposal is waiting", awaiting=reading.memory.awaiting)
    if reading.kind == "dropped" and reading.memory.awaiting and reading.memory.awaiting.slot == "decision":
        text = "All right, what was proposed is declined; nothing has been changed. What else do you need?"
        return Reply(text, "thanks", 1.0, "the proposal was taken back", first)
    if reading.kind == "dropped":
        return Reply("All right, dropped. What else do you need?", "thanks", 1.0, "the question was taken back", first)
    if reading.kind == "still waiting":
        text = f"No customer is attached yet. {PANEL}; then write again, and the question you asked is answered."
        return Reply(text, "customer_missing", 1.0, "a customer is needed", awaiting=Awaiting("customer", reading.kept))
    if reading.kind == "foreign":
        again = reading.memory.unclear + 1 >= _ENOUGH
        text = f"That is outside what I can help with. {CAN_DO}"
        if again:
            text += " If you meant something else, a person can take over."
            first = ("A person, please", *first[:2])
        reason = "the question is not about the bank"
        return Reply(text, OUT_OF_SCOPE, reading.route.confidence, reason, first, needs_person=again)
    if reading.kind in ("unclear", "misunderstood"):
        return _unclear(reading)
    intent = reading.tasks[0].intent
    confidence = reading.tasks[0].confidence
    if intent.key == "person":
        return Reply(
            PERSON,
            "person",
            confidence,
            intent.because,
            ("The customer reports fraud", "How do I handle a complaint?"),
            needs_person=True,
        )
    if intent.key == "greeting":
        about = (
            "Ask about the customer, or about the handbook."
            if customer_number
            else f"Ask about the handbook, or attach a customer: {PANEL[0].lower()}{PANEL[1:]}."
        )
        return Reply(f"Hello. {about}", "greeting", confidence, intent.because, first)
    if intent.key == "thanks":
        return Reply("You are welcome.", "thanks", confidence, intent.because, first[:2])
    return Reply(HELP.replace(ONLY_READS, PROPOSES) if may_propose else HELP, "help", confidence, intent.because, first)


def _unclear(reading: Reading) -> Reply:
    """Ask back with what may have been meant; the second time in a row, offer a person."""
    known = router().intents
    spoken = any(word[0].isalpha() for word in tokens(reading.route.corrected))
    ranked = reading.route.ranked if spoken else ()
    meant = [known[key].ask for key, _ in ranked if known[key].ask and key not in CONVERSATION | {"person"}][:3]
    text = (
        f"{_SORRY[reading.kind]} Do you mean {listed([f'“{ask}”' for ask in meant], 'or')}?"
        if meant
        else f"{_SORRY[reading.kind]} {CAN_DO}"
    )
    again = reading.memory.unclear + 1 >= _ENOUGH
    if again:
        text += " If none of these fits, a person can take over."
        meant = [*meant[:2], "A person, please"]
    return Reply(
        text,
        "unclear",
        reading.route.confidence,
        "it is not clear which specialist is meant",
        tuple(meant),
        needs_person=again,
    )
