"""Who can log in to the demo, with which roles, and what each of them came for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERYWHERE = ("brightwater", "ridgeline", "cobalt", "lantern")


@dataclass(frozen=True, slots=True)
class Login:
    """A person with a log-in; without a sentence the log-in page does not offer them."""

    key: str
    name: str
    email: str
    roles: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    sentence: str = ""


LOGINS = (
    Login(
        "maya",
        "Maya Okafor",
        "maya.okafor@brightwater.example",
        {"brightwater": "rep"},
        "Comfort advisor at Brightwater",
        "Why did my pay fall $160 since yesterday?",
    ),
    Login(
        "helen",
        "Helen Cho",
        "helen.cho@hale.example",
        {"ridgeline": "finance", "brightwater": "finance"},
        "Controller at Ridgeline and Brightwater",
        "Approve a payout run with three odd payees.",
    ),
    Login(
        "sam",
        "Sam Ortiz",
        "sam.ortiz@hale.example",
        dict.fromkeys(EVERYWHERE, "finance"),
        "Prepares payouts in all four businesses",
        "See separation of duties stop you.",
    ),
    Login(
        "renata",
        "Renata Hale",
        "renata.hale@hale.example",
        {},
        "Owner of Hale Family Holdings",
        "Four businesses and two currencies in one picture.",
    ),
    Login(
        "priya",
        "Priya Nair",
        "priya.nair@brightwater.example",
        {"brightwater": "admin"},
        "Admin of Brightwater",
        "Publish a plan that is worth $1,240.",
    ),
    Login(
        "theo",
        "Theo Brandt",
        "theo.brandt@brightwater.example",
        {"brightwater": "rep"},
        "Comfort advisor at Brightwater",
        "Dispute the split of a deal.",
    ),
    Login(
        "amir",
        "Amir Rao",
        "amir.rao@hale.example",
        dict.fromkeys(EVERYWHERE, "finance"),
        "Finance in all four businesses",
        "Chase a payment that the bank returned at Lantern.",
    ),
    Login(
        "luis",
        "Luis Ortega",
        "luis.ortega@brightwater.example",
        {"brightwater": "admin"},
    ),
    Login(
        "cora",
        "Cora Whitfield",
        "cora.whitfield@hale.example",
        {"ridgeline": "admin", "cobalt": "admin", "lantern": "admin"},
    ),
)
OWNER = "renata"
NEWCOMER = Login(
    "new",
    "Jordan Ellery",
    "jordan.ellery@newcomer.example",
    {},
    "Owner of a new business",
    "An empty business: follow its setup.",
)
GROUPS = ("hale", "ellery", "perf")
