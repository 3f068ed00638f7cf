"""How the rules answer for customer care: papers, names, powers of attorney, deaths, complaints."""

from __future__ import annotations

import re

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.cases import case, fitting, sections, told
from webapp.agents.models.rules.scripts.part import Part, Script, account_of, call
from webapp.agents.wording import together

ON_PAPER = re.compile(
    r"\b(?:paper|post|mailbox|online|download|pdf|missing|never (?:came|arrived)|didn't (?:get|come)|"
    r"duplicates?|cop(?:y|ies)|reprint|lost|export|visa|proof|confirm\w*|print|switch|"
    r"how (?:long|many|much|do|can)|where do)\b",
    re.I,
)
# Statements and identity papers

_STATEMENTS = "statements and account confirmations"
_STATEMENT_CASES = (
    case(r"\b(?:missing|never (?:came|arrived)|didn't (?:get|come)|not come)", _STATEMENTS, "A statement is missing"),
    case(r"\b(?:confirm\w*|proof|visa|landlord|embassy)\b", _STATEMENTS, "Confirmations"),
    case(r"\b(?:export|spreadsheet|accountant|excel|csv)\b", _STATEMENTS, "Export"),
    case(r"\b(?:duplicates?|cop(?:y|ies)|reprint|lost|years? ago|old)\b", "fees statements", "Ordering duplicates"),
    case(
        r"\b(?:switch|stop sending|on paper again|to the mailbox)\b", "fees statements", "Switching from paper to PDF"
    ),
    case(r"\b(?:keep|kept)\b", _STATEMENTS, "Printing at the branch"),
    case(r"\bprint\w*\b", _STATEMENTS, "Printing at the branch / Monthly statement"),
    case(r"", _STATEMENTS, "Monthly statement"),
)
_ONLY_PAPERS = re.compile(
    r"\b(?:confirm\w*|proof|visa|landlord|missing|never|didn't|switch|stop sending|where do|keep|kept)\b", re.I
)


def statement(task: Task) -> Script:
    """The figures of the period, and how the customer gets it on paper or as a file."""
    said, figures = task.entities, ""
    if not _ONLY_PAPERS.search(task.text):
        seen = yield call("statement", account=account_of(said) or said.card, since=said.since, until=said.until)
        figures = seen.text
    passage = yield fitting(task, _STATEMENT_CASES)
    return Part(
        together(figures, told(passage)),
        ("Show the last 10 transactions", "What do duplicate statements cost?", "A statement of this year"),
    )


_REVIEW = "KYC review: how often and what happens"
_PAPER_CASES = (
    case(r"\b(?:restrict\w*|stopped|(?:not|doesn't|don't) bring|overdue|reminder)\b", _REVIEW, "If nothing comes"),
    case(r"\bwhy\b", _REVIEW, "What to say / How often"),
    case(
        r"\b(?:expired?|run out|accepted|without id|driving)\b",
        "accepted identity documents",
        "Accepted / Not accepted",
    ),
    case(r"\b(?:firm|business|owners?|register extract)\b", _REVIEW, "What the customer does"),
    case(r"", _REVIEW, "What the customer does"),
)
_ADDRESS_CASE = case(r"", "proof of address", "What is accepted")


def kyc_documents(task: Task) -> Script:
    """What is recorded, and what the customer has to bring."""
    seen = yield call("customer_profile", part="kyc")
    address = re.search(r"proof of (?:the )?address|new address", f"{seen.text} {task.text}", re.I)
    passage = yield fitting(task, (*_PAPER_CASES[:-1], _ADDRESS_CASE) if address else _PAPER_CASES)
    return Part(
        together(seen.text, told(passage)),
        (
            "Which identity documents are accepted?",
            "What happens if the KYC review stays open?",
            "How are callers checked for this customer?",
        ),
    )


def name_change(task: Task) -> Script:
    """What is needed and what happens; the name itself is changed at a branch only."""
    gender = re.search(
        r"\b(?:gender|transition\w*|first name has changed|changed (?:his|her) first name)\b", task.text, re.I
    )
    wanted = "A changed first name or gender entry / What happens" if gender else "What is needed / What happens"
    passage = yield sections("change of name", wanted)
    return Part(told(passage), ("Other people's accounts after a name change", "A person, please"), act=task.intent.act)


# People who act for others, and people who need care

_POWER = "power of attorney"
_POWER_CASES = (
    case(r"\b(?:revok\w*|cancel|remove|tak\w+\b.*\bback|end(?:s|ed)?|no longer)\b", _POWER, "Ending"),
    case(r"\b(?:guardian\w*|court|notar\w*|general|precautionary|lasting|deed)\b", _POWER, "Other powers"),
    case(r"\b(?:after death|died|dead|deceased)\b", "when a customer has died", "Before the heirs are known"),
    case(r"\b(?:business|firm|signator\w+|company)\b", "business accounts", "Changes"),
    case(
        r"\b(?:may|is there|does|who has|withdraw\w*|fetch|close|loan|counter)\b",
        _POWER,
        "What an attorney may do / Signs of abuse",
    ),
    case(r"", _POWER, "Giving one / Signs of abuse"),
)
_HELPER = re.compile(r"attorney|daughter|son\b|guardian|authori|helper|carer", re.I)


def power_of_attorney(task: Task) -> Script:
    """What is noted about helpers, and the part of the rules that fits."""
    noted = yield call("customer_profile", part="verification")
    passage = yield fitting(task, _POWER_CASES)
    note = ""
    if noted.ok:
        note = noted.text if _HELPER.search(noted.text) else "No power of attorney is noted in the customer's record."
    return Part(
        together(note, told(passage)),
        ("What may an attorney do?", "Revoke the power of attorney", "A person, please"),
        needs_person=True,
    )


_DANGER = re.compile(
    r"\b(?:suicid\w*|kill (?:him|her|my|them)sel\w+|end (?:his|her|my) life|no point in living|not want to live|"
    r"doesn't want to live)\b",
    re.I,
)
_SPECIAL = re.compile(
    r"\b(?:violence|husband|partner|attorney|carer|fraud|pressure|behind|exploit\w*|abuse\w*|debts?|afraid|frightened|"
    r"waits? outside|waiting outside)\b",
    re.I,
)
_CARE = "vulnerable customers"


def vulnerable_customer(task: Task) -> Script:
    """What is noted, how to act, and a person beside it."""
    noted = yield call("customer_profile", part="verification")
    headings = "How to act"
    if _DANGER.search(task.text) or _SPECIAL.search(task.text):
        headings = "Special cases / How to act"
    elif re.search(r"\b(?:mark|note|remove)\b", task.text, re.I):
        headings = "The note / How to act"
    passage = yield sections(_CARE, headings)
    urgent = (
        "**Danger to life: stay with the customer or on the line, call 112, and tell your branch manager now.**"
        if _DANGER.search(task.text)
        else "Take your time: nothing that can wait has to be decided today."
    )
    note = ""
    if noted.ok:
        note = noted.text if noted.facts.get("vulnerable") else "The customer's record has no mark “vulnerable”."
    return Part(
        together(urgent, note, told(passage)),
        ("A person, please", "How are callers checked for this customer?"),
        needs_person=True,
    )


_DEATH = "when a customer has died"
_DEATH_CASES = (
    case(r"\b(?:joint|use our|still use)\b", _DEATH, "First talk / Freeze"),
    case(
        r"\b(?:funeral|burial|undertaker|cremation|invoice|bill|pay|withdraw\w*)\b",
        _DEATH,
        "First talk / Before the heirs are known / Checks",
    ),
    case(
        r"\b(?:heirs?|will|inherit\w*|estate|executor|probate|close|balance|list|tell|information)\b",
        _DEATH,
        "Heirs / Checks",
    ),
    case(r"", _DEATH, "First talk / Freeze / Checks"),
)


_HAND_OVER = "Nothing has been frozen or blocked by this answer. Do not close anything; hand the case over today."
_AFTER_A_DEATH = (
    "A person, please", "Who may be told what after a death?", "Can the funeral be paid from the account?"
)  # fmt: skip


def deceased_customer(task: Task) -> Script:
    """Gently and in order: what to say, what applies and what must not be said, what is still open."""
    passage = yield fitting(task, _DEATH_CASES)
    if _DEATH_CASES[0][0].search(task.text):  # the customer is the one who lives on
        return Part(together(told(passage), _HAND_OVER), _AFTER_A_DEATH, needs_person=True)
    ends = yield call("open_ends", amounts=False)
    listing = ends.text.partition("\n\n")[2]
    attached = together("If it is the customer attached here who has died, this is still open:", listing)
    return Part(
        together(
            told(passage),
            attached if ends.ok else "",
            _HAND_OVER,
        ),
        _AFTER_A_DEATH,
        needs_person=True,
    )


# Complaints

_COMPLAINT = "taking a complaint"
_COMPLAINT_CASES = (
    case(r"\b(?:ombudsman)\b", "ombudsman, when the customer does not agree", "When / How"),
    case(r"\b(?:goodwill|compensat\w*|refund)\b", "goodwill", "Authority / Giving it"),
    case(r"\b(?:colleague|teller|staff|rude|manager)\b", _COMPLAINT, "Complaints about staff"),
    case(
        r"\b(?:status|how far|answered|not solved|waiting|nobody (?:called|answered)|late|overdue)\b",
        "complaint deadlines",
        "Overdue",
    ),
    case(r"\b(?:press|lawyer|pass\w* on|where do)\b", _COMPLAINT, "Passing on"),
    case(r"", "complaint deadlines", "The deadlines"),
)


def complaint(task: Task) -> Script:
    """How it is taken, until when it is answered, and who takes it over."""
    taking = yield sections(_COMPLAINT, "Taking it")
    own = yield fitting(task, _COMPLAINT_CASES)
    note = (
        "Write here, in the customer's words, what happened, when, who was involved and what the customer would like; "
        "it stays in this conversation for whoever takes over."
    )
    return Part(
        together(told(taking), told(own) if not own.repeated else "", note),
        ("A person, please", "How much goodwill can I give?", "Which fees were charged?"),
        needs_person=True,
    )
