"""Who works for Ridgeline: two managers, their teams, and three on their own."""

from collections.abc import Iterator
from datetime import date

from commissions_saas.demo.story.facts import Person

TERRITORIES = ("Denver", "Front Range")
SELLING, MANAGING = "roof_solar", "manager_override"
DANA, MARCUS, INES = "Dana Whitlock", "Marcus Bell", "Ines Caro"
OWEN, LUCIA = "Owen Hartley", "Lucia Marchetti"
LEAVER = "Pia Sorensen"
BALANCE = "Grant Ellwood"  # his last deal brings the ready payees to their sum
OF_OWEN = ("Joel Ames", "Rosa Quintero", "Tyler Beckett", "Hannah Voss", "Sol Navarro")
OF_LUCIA = ("Ben Okada", "Mia Lindholm", "Caleb Stroud", LEAVER, INES, "Ivy Delgado")
ALONE = (BALANCE, MARCUS, DANA)
SELLERS = OF_OWEN + OF_LUCIA + ALONE
LEFT_ON = date(2026, 10, 31)


def people() -> Iterator[Person]:
    """Yield the two managers, then who sells."""
    for name in (OWEN, LUCIA):
        # Lucia sells now and then as well: two plans on one statement.
        plans = (MANAGING, SELLING) if name == LUCIA else (MANAGING,)
        yield Person(
            name=name,
            email=email_of(name),
            title="Sales manager",
            territory=TERRITORIES[name == LUCIA],
            plans=plans,
        )
    for name in SELLERS:
        yield Person(
            name=name,
            email=email_of(name),
            title="Project consultant",
            territory=TERRITORIES[name in OF_LUCIA],
            manager=manager_of(name),
            plans=(SELLING,),
            leaves_on=LEFT_ON if name == LEAVER else None,
        )


def email_of(name: str) -> str:
    """Return a person's address at work."""
    return f"{name.lower().replace(' ', '.')}@ridgeline.example"


def manager_of(name: str) -> str:
    """Return whose team a seller is in, or nobody's."""
    return OWEN if name in OF_OWEN else LUCIA if name in OF_LUCIA else ""
