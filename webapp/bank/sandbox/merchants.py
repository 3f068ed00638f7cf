"""Where the bank's customers spend their money: habits and invented merchants. No name here is a real business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from webapp.bank.sandbox.terms import BRANCHES


@dataclass(frozen=True, slots=True)
class Habit:
    """A way of spending by card: how likely on a day, and how much of which merchants' goods."""

    category: str
    on_workdays: float  # chance on Monday to Friday
    on_saturday: float
    on_sunday: float
    typical: int  # cents, before scaling to the customer's means
    merchants: tuple[str, ...]
    by_credit: bool = False  # paid with the credit card by those who have one

    def chance(self, weekday: int) -> float:
        """How likely on this weekday (Monday is 0)."""
        return (self.on_workdays, self.on_saturday, self.on_sunday)[max(0, weekday - 4)]

    @property
    def monthly(self) -> float:
        """Cents expected in a month of 30.4 days."""
        return self.typical * (self.on_workdays * 21.74 + (self.on_saturday + self.on_sunday) * 4.35)


PRIVATE_HABITS: Final = (
    Habit("groceries", 0.34, 0.62, 0, 3650, ("Marktfrisch Nord", "Kornblume Organic", "Grünhof Market", "Tante Ella")),
    Habit("bakery", 0.22, 0.36, 0, 680, ("Hafen Bakery", "Backhaus Lerche", "Brotwerk Altmarkt")),
    Habit(
        "restaurants",
        0.10,
        0.26,
        0.20,
        3400,
        ("Zur Alten Mole", "Trattoria Onda", "Saffron Court", "Seeblick Grill"),
        True,
    ),
    Habit("cafés", 0.12, 0.18, 0.12, 890, ("Café Morgenrot", "Kaffeekontor Linde", "Milchbart Espresso")),
    Habit("drugstore", 0.08, 0.16, 0, 1750, ("Seifenhaus", "Drogerie Alba")),
    Habit("transport", 0.12, 0.08, 0.06, 1380, ("Zugvogel Rail", "Nordhafen Verkehr", "Stadtflitzer Carshare")),
    Habit("fuel", 0.06, 0.10, 0.04, 6100, ("Tankhof Seebrueck", "Leuchtturm Fuel")),
    Habit("clothing", 0.03, 0.09, 0, 6300, ("Webstuhl", "Modehaus Arendt", "Loden & Lein"), True),
    Habit("online shopping", 0.08, 0.08, 0.10, 4200, ("Paketkarussell", "Kistenwelt Online", "Buchfink Versand"), True),
    Habit("leisure", 0.03, 0.10, 0.10, 3100, ("Lichtspiel Altmarkt", "Kletterturm Nord", "Seebad Lindenau"), True),
    Habit("pharmacy", 0.03, 0.05, 0, 1620, ("Möwen Pharmacy", "Linden Apotheke")),
    Habit("home", 0.02, 0.08, 0, 5400, ("Werkzeugkiste Baumarkt", "Zimmer & Zeug")),
)

BUSINESS_HABITS: Final = (
    Habit("supplies", 0.42, 0.20, 0, 11800, ("Hansekontor Wholesale", "Materialhof Lindenau", "Packwerk Supply")),
    Habit("fuel", 0.20, 0.08, 0, 8200, ("Tankhof Seebrueck", "Leuchtturm Fuel")),
    Habit("office", 0.10, 0, 0, 4600, ("Bürobedarf Tinte & Blatt", "Kistenwelt Online"), True),
    Habit("travel", 0.06, 0, 0.02, 9400, ("Zugvogel Rail", "Hotel Kompass"), True),
    Habit("meals", 0.08, 0, 0, 4800, ("Zur Alten Mole", "Saffron Court"), True),
)

ONLINE: Final = frozenset({"Paketkarussell", "Kistenwelt Online", "Buchfink Versand"})

TOWNS: Final = {
    "Nordhafen": ("Nordhafen", "Hafenrode", "Kleinmole"),
    "Altmarkt": ("Altmarkt", "Obertor", "Rosenfurt"),
    "Lindenau": ("Lindenau", "Birkenwies", "Mühlgrund"),
    "Seebrueck": ("Seebrueck", "Schilfhagen", "Uferau"),
}
STREETS: Final = (
    "Ankerweg", "Am Speicher", "Birkenallee", "Deichstraße", "Fährgasse", "Gartenweg", "Kapitänsplatz", "Kirchsteig",
    "Laternenweg", "Lindenring", "Lotsenweg", "Möwenstieg", "Mühlenstraße", "Rosengasse", "Schilfweg", "Uferpromenade",
)  # fmt: skip

LANDLORDS: Final = ("Lindenau Housing", "Wohnbau Nordhafen eG", "Altmarkt Immobilien", "Hausverwaltung Reimers")
ELECTRICITY: Final = ("Nordlicht Energie", "Stromwerk Seebrueck", "Grünfluss Strom")
MOBILE: Final = ("Klarfon Mobile", "Funkbrücke", "Tele Möwe")
INTERNET: Final = ("Glasnetz Nord", "Kabelkontor")
INSURERS: Final = ("Anker Assekuranz", "Leuchtfeuer Insurance", "Vierlinden Versicherung")
STREAMING: Final = (("Filmbucht", 1299), ("Tonwelle Music", 1099), ("Serienhafen", 999), ("Abendblatt Digital", 1490))
GYMS: Final = (("Studio Vitalis", 2990), ("Kletterturm Nord Club", 4900), ("Ruderverein Seebrueck", 1850))
CHARITIES: Final = ("Seenotretter Nordhafen", "Tierheim Birkenwies", "Tafelrunde Altmarkt")
EMPLOYERS: Final = (
    "Weber Logistics", "Klinikum Altmarkt", "Hafenbetriebe Nordhafen", "Stadtverwaltung Lindenau", "Optik Feinwerk AG",
    "Reederei Thomsen", "Schulwerk Seebrueck", "Softwarehaus Kranich", "Maschinenbau Ostertag", "Verlag Abendblatt",
)  # fmt: skip
ATMS: Final = tuple(f"ATM Nordhafen Bank, {branch} branch" for branch in BRANCHES)
OTHER_ATM: Final = "ATM Geldpunkt, Altmarkt station"

# Foreign merchants: name, place, currency, units of it for one euro in ten-thousandths.
ABROAD: Final = (
    ("Harbour Lane Books", "London GB", "GBP", 8450),
    ("Cedar & Pine Outfitters", "Portland US", "USD", 10840),
    ("Pixelforge Software", "Toronto CA", "CAD", 14900),
    ("Alpenglück Sport", "Chur CH", "CHF", 9420),
)

BUSINESS_CLIENTS: Final = (
    "Hotel Kompass", "Gemeinde Uferau", "Praxis Dr. Lindholm", "Winzerhof Rebstein", "Kanzlei Brook & Thiel",
    "Segelclub Lindenau", "Kita Sonnenstieg", "Galerie Blauhaus", "Autohaus Seidler", "Theater am Speicher",
)  # fmt: skip
SUPPLIERS: Final = (
    "Hansekontor Wholesale", "Holzhandel Drews", "Rohstoff Union Nord", "Druckfarben Iris", "Kaffeerösterei Palme",
)  # fmt: skip
