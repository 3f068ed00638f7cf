"""The customers whose stories are told, written by hand. All names are invented; amounts are cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from webapp.bank.sandbox.terms import (
    CAR_LOAN,
    CAR_LOAN_RATE,
    FIXED_SAVER,
    HOME_LOAN,
    HOME_LOAN_RATE,
    INSTANT_SAVER,
    JUNIOR_SAVER,
    NOTICE_SAVER,
    PERSONAL_LOAN,
    PERSONAL_LOAN_RATES,
)
from webapp.bank.values import CardStatus


@dataclass(frozen=True, slots=True)
class Saver:
    """A savings account to be opened."""

    product: str
    opening: int  # balance on the first day of the books
    ending: str = ""  # last four digits of the IBAN, drawn if empty
    dormant: bool = False  # nobody has used it for years


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A credit card account to be opened."""

    limit: int
    owed: int = 0  # on the first day of the books
    in_full: bool = True  # repaid in full every month, else by the minimum payment


@dataclass(frozen=True, slots=True)
class LoanDeal:
    """A loan that was paid out before the books begin."""

    product: str
    principal: int
    rate: Decimal
    months: int  # the whole term
    paid: int  # instalments paid before the first day of the books


@dataclass(frozen=True, slots=True)
class Character:
    """What is settled about a customer before the dice are thrown."""

    number: str
    name: str
    branch: str
    born: date  # a firm: founded
    segment: str = "personal"
    income: int = 240_000  # a month; a firm: turnover
    income_kind: str = "salary"  # "pension"
    payer: str = ""
    pay_day: int = 27
    pays_late: bool = False  # every second month the salary is five days late
    keep: int = 45_000  # what is left on the current account before the next salary; the rest goes to savings
    overdraft: int = 50_000
    savings: tuple[Saver, ...] = ()
    credit: CreditLine | None = None
    loans: tuple[LoanDeal, ...] = ()
    debit_ending: str = ""
    debit_status: CardStatus = CardStatus.ACTIVE
    new_debit_ending: str = ""  # a replacement on its way, not yet activated
    credit_ending: str = ""
    checking_ending: str = ""
    subscription: tuple[str, int] | None = None
    stops_daily_at: str = ""  # a shop visited every day, last thing
    frozen: bool = False
    paper: bool = False
    note: str = ""
    language: str = "German"
    vulnerable: bool = False
    kyc_status: str = "verified"
    kyc_due: int = 0  # days after the first day of the books, drawn if 0


def _instant(opening: int, ending: str = "") -> tuple[Saver, ...]:
    return (Saver(INSTANT_SAVER, opening, ending),)


CAST: Final = (
    Character(
        "10-2041", "Maria Keller", "Nordhafen", date(1986, 4, 17), income=268_000, payer="Klinikum Altmarkt",
        savings=_instant(612_000, "9021"), debit_ending="4417", checking_ending="3310", stops_daily_at="Hafen Bakery",
        language="English", note="Basic check by date of birth and postcode; full check before a card is replaced.",
    ),
    Character(
        "10-2042", "Tobias Brandt", "Altmarkt", date(1979, 11, 2), income=312_000, payer="Maschinenbau Ostertag",
        savings=_instant(894_000), credit=CreditLine(300_000), debit_ending="7702",
    ),
    Character(
        "10-2057", "Ingrid Sommer", "Seebrueck", date(1968, 7, 23), income=254_000, payer="Schulwerk Seebrueck",
        savings=_instant(1_120_000), debit_ending="2386",
    ),
    Character(
        "10-2063", "Jonas Ritter", "Altmarkt", date(1991, 1, 30), income=226_000, payer="Weber Logistics",
        savings=_instant(181_000), debit_ending="9954",
    ),
    Character(
        "10-2078", "Leila Haddad", "Lindenau", date(1994, 9, 12), income=198_000, payer="Optik Feinwerk AG",
        keep=21_000,
        overdraft=20_000, savings=_instant(34_000), debit_ending="6105", language="English",
    ),
    Character(
        "10-2084", "Oliver Pratt", "Nordhafen", date(1983, 3, 5), income=187_000, payer="Hafenbetriebe Nordhafen",
        keep=-62_000, overdraft=75_000, debit_ending="3827", language="English",
    ),
    Character(
        "10-2090", "Sofia Lindqvist", "Lindenau", date(1989, 12, 19), income=243_000, payer="Reederei Thomsen",
        pay_day=25,
        pays_late=True, keep=120_000, savings=_instant(402_000), debit_ending="5568",
    ),
    Character(
        "10-2102", "Daniel Okoye", "Nordhafen", date(1987, 6, 8), "premium", 498_000, payer="Softwarehaus Kranich",
        keep=110_000, overdraft=200_000, savings=_instant(2_310_000), credit=CreditLine(500_000), debit_ending="8841",
        language="English",
    ),
    Character(
        "10-2115", "Petra Vogel", "Seebrueck", date(1975, 2, 14), income=231_000, payer="Verlag Abendblatt",
        savings=_instant(356_000), subscription=("Studio Vitalis", 2_990), debit_ending="2093",
    ),
    Character(
        "10-2121", "Amelia Hartley", "Altmarkt", date(1990, 10, 27), income=334_000, payer="Softwarehaus Kranich",
        keep=130_000, savings=_instant(975_000), debit_ending="6670", language="English",
    ),
    Character(
        "10-2133", "Margarete Thoma", "Lindenau", date(1941, 5, 9), income=164_000, income_kind="pension", keep=185_000,
        savings=_instant(2_745_000), debit_ending="1174", paper=True, vulnerable=True,
        note="Hard of hearing and easily hurried: speak slowly, repeat amounts. Her daughter Ruth Thoma holds a power "
        "of attorney (on file). Never agree to urgent transfers on the first call.",
    ),
    Character(
        "10-2140", "Heinrich Albers", "Seebrueck", date(1938, 8, 21), income=178_000, income_kind="pension",
        keep=240_000,
        savings=_instant(1_830_000), debit_ending="7419", debit_status=CardStatus.BLOCKED, frozen=True,
        note="Deceased. Accounts frozen on the death certificate; refer callers to extension 4460. Give no balance "
        "without certificate of inheritance.",
    ),
    Character(
        "10-2158", "Yusuf Demir", "Altmarkt", date(1996, 3, 16), income=236_000, payer="Hafenbetriebe Nordhafen",
        savings=_instant(148_000), debit_ending="4930", debit_status=CardStatus.EXPIRED, new_debit_ending="8215",
    ),
    Character(
        "10-2166", "Claudia Wirth", "Nordhafen", date(1972, 9, 1), income=276_000, payer="Stadtverwaltung Lindenau",
        savings=_instant(1_390_000), debit_ending="5301", kyc_status="review", kyc_due=500,
        note="KYC review overdue: passport and proof of address asked for twice, no answer yet.",
    ),
    Character(
        "10-2172", "Finn Petersen", "Lindenau", date(2004, 2, 11), "student", 104_000, payer="Schulwerk Seebrueck",
        keep=34_000, overdraft=0, savings=_instant(62_000), debit_ending="9046",
    ),
    Character(
        "10-2188", "Bootswerft Harms GmbH", "Seebrueck", date(2003, 4, 1), "business", 3_150_000, keep=1_900_000,
        overdraft=1_500_000, savings=_instant(3_820_000), credit=CreditLine(800_000), debit_ending="6622",
    ),
    Character(
        "10-2195", "Café Morgenrot Nadia Costa e.K.", "Altmarkt", date(2015, 9, 1), "business", 1_240_000, keep=900_000,
        overdraft=500_000, savings=_instant(740_000), debit_ending="3058", kyc_due=640,
    ),
    Character(
        "10-2203", "Lindenau Print Studio GmbH", "Lindenau", date(2009, 2, 1), "business", 1_580_000, keep=1_100_000,
        overdraft=800_000, savings=_instant(1_265_000), credit=CreditLine(400_000), debit_ending="1989",
    ),
    Character(
        "10-2210", "Gregor Stein", "Nordhafen", date(1965, 12, 6), income=259_000, payer="Weber Logistics",
        savings=_instant(688_000), debit_ending="8507",
    ),
    Character(
        "10-2224", "Hannah Whitcombe", "Seebrueck", date(1984, 1, 25), income=287_000, payer="Klinikum Altmarkt",
        savings=_instant(530_000), credit=CreditLine(400_000), credit_ending="4726", debit_ending="2714",
        language="English",
    ),
    Character(
        "10-2231", "Karl-Heinz Bauer", "Altmarkt", date(1957, 6, 30), income=193_000, income_kind="pension",
        keep=95_000,
        savings=(Saver(INSTANT_SAVER, 1_475_000), Saver(NOTICE_SAVER, 2_000_000)), debit_ending="1660", paper=True,
    ),
    Character(
        "10-2247", "Elif Kaya", "Lindenau", date(1988, 8, 18), income=263_000, payer="Optik Feinwerk AG",
        savings=_instant(215_000), loans=(LoanDeal(PERSONAL_LOAN, 1_200_000, PERSONAL_LOAN_RATES[1], 60, 14),),
        debit_ending="7358",
    ),
    Character(
        "10-2252", "Rupert Ainsley", "Nordhafen", date(1970, 5, 4), "premium", 612_000, payer="Reederei Thomsen",
        keep=240_000, overdraft=300_000,
        savings=(Saver(INSTANT_SAVER, 1_870_000), Saver(FIXED_SAVER, 4_000_000), Saver(JUNIOR_SAVER, 262_000)),
        credit=CreditLine(1_000_000), loans=(LoanDeal(HOME_LOAN, 22_000_000, HOME_LOAN_RATE, 300, 62),),
        debit_ending="5833", language="English",
    ),
    Character(
        "10-2269", "Monika Schreiber", "Altmarkt", date(1981, 7, 7), income=249_000, payer="Verlag Abendblatt",
        keep=90_000,
        savings=_instant(455_000), debit_ending="3491",
    ),
    Character(
        "10-2276", "Thomas Eriksen", "Seebrueck", date(1977, 10, 15), income=271_000, payer="Maschinenbau Ostertag",
        savings=_instant(768_000), debit_ending="9412",
    ),
    Character(
        "10-2283", "Beatrix Falk", "Lindenau", date(1985, 11, 28), income=218_000, payer="Stadtverwaltung Lindenau",
        keep=26_000, credit=CreditLine(320_000, owed=264_000, in_full=False), debit_ending="6247",
    ),
    Character(
        "10-2290", "Luca Moretti", "Nordhafen", date(1993, 4, 3), income=239_000, payer="Hafenbetriebe Nordhafen",
        keep=100_000, savings=_instant(287_000), debit_ending="8173",
    ),
    Character(
        "10-2305", "Agnes Dorn", "Seebrueck", date(1949, 3, 27), income=138_000, income_kind="pension", keep=105_000,
        savings=(Saver(INSTANT_SAVER, 418_350, dormant=True), Saver(NOTICE_SAVER, 1_200_000)), debit_ending="4069",
        paper=True,
    ),
    Character(
        "10-2312", "Mia Sandberg", "Lindenau", date(1992, 6, 21), income=257_000, payer="Schulwerk Seebrueck",
        savings=_instant(319_000), loans=(LoanDeal(CAR_LOAN, 1_480_000, CAR_LOAN_RATE, 60, 9),), debit_ending="7926",
        kyc_status="documents due",
        note="Moved house: new address given by telephone, proof of address (not older than "
        "three months) still missing. Send nothing confidential by letter yet.",
    ),
    Character(
        "10-2336", "Greta Nowak", "Altmarkt", date(1982, 12, 3), income=302_000, payer="Klinikum Altmarkt",
        keep=140_000,
        savings=_instant(1_046_000), debit_ending="2859",
    ),
)  # fmt: skip
