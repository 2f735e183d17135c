"""What people fill in: the first business, a member, a role, a business's settings."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.db import transaction

from commissions_saas.lib import weeks
from tenants.accounts import services
from tenants.accounts.models import Business, Group, Role, User

OFFERED = (
    "USD EUR GBP CAD AUD NZD CHF JPY SEK NOK DKK PLN CZK HUF RON BGN ISK TRY ILS AED SAR"
    " INR SGD HKD TWD KRW CNY THB MYR IDR PHP VND ZAR NGN KES EGP BRL MXN ARS CLP COP PEN"
)
CURRENCIES = [(code, code) for code in OFFERED.split(" ")]
TWO_WEEKS = "two_weeks"
CALENDARS = [
    ("month", "Monthly"),
    ("half_month", "Twice a month"),
    (TWO_WEEKS, "Every two weeks"),
    ("week", "Weekly, from Monday"),
    ("quarter", "Quarterly"),
    *((pattern, f"{'-'.join(pattern)} weeks") for pattern in weeks.PATTERNS),
]
# As they are said of a business; calendars of weeks say the rest themselves.
PAID = {
    "month": "monthly",
    "half_month": "twice a month",
    "week": "weekly",
    "quarter": "quarterly",
}
YEAR_ENDS = [
    (weeks.LAST, "the last such weekday of its month"),
    (weeks.NEAREST, "the one nearest to the end of a month"),
]
BUSINESS_ROLES = [Role.REP, Role.MANAGER, Role.FINANCE, Role.ADMIN, Role.AUDITOR]
GROUP_ROLES = [Role.OWNER, Role.GROUP_ADMIN]


def paid_by(pay_calendar: str) -> str:
    """Say by what a business pays: `monthly`, or `every two weeks from 2026-01-05`."""
    words = PAID.get(pay_calendar) or weeks.words_of(pay_calendar)
    return f"every {words}" if words.startswith("two weeks") else words


@cache
def time_zones() -> list[tuple[str, str]]:
    """Return the zones that have a place in their name, and UTC."""
    names = (name for name in zoneinfo.available_timezones() if "/" in name)
    places = sorted(name for name in names if not name.startswith(("Etc/", "SystemV/")))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


class BusinessForm(forms.Form):
    """A business's name, currency and time zone; the last two are for ever."""

    business_name = forms.CharField(label="Business name", max_length=200)
    currency = forms.ChoiceField(label="Currency", choices=CURRENCIES)
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=time_zones,
        initial="America/New_York",
        help_text="Decides on which day a deal counts.",
        widget=forms.Select({"data-time-zone": ""}),
    )


class FirstBusinessForm(BusinessForm):
    """What sign-up asks beside e-mail and password: the first business."""

    def signup(self, request: Any, user: User) -> None:
        """Make the group and its first business; whoever signs up owns both."""
        values = self.cleaned_data
        with transaction.atomic():
            group = services.create_group(
                name=values["business_name"],
                owner=user,
                reporting_currency=values["currency"],
            )
            services.create_business(
                group=group,
                name=values["business_name"],
                currency=values["currency"],
                time_zone=values["time_zone"],
                by=user,
            )


class NewBusinessForm(BusinessForm):
    """One more business of a group."""

    pay_calendar = forms.ChoiceField(label="Pays", choices=CALENDARS)
    calendar_day = forms.DateField(
        label="A day of these weeks",
        required=False,
        help_text="Only for every two weeks: the first day of a pay period. For 4-4-5,"
        " 4-5-4 and 5-4-4: the last day of one of your years.",
        widget=forms.DateInput({"type": "date"}),
    )
    year_ends = forms.ChoiceField(
        label="That last day is",
        required=False,
        choices=YEAR_ENDS,
        help_text="Only for 4-4-5, 4-5-4 and 5-4-4.",
    )

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group

    def clean_business_name(self) -> str:
        """Two businesses of one name could not be told apart in the roll-up."""
        name = str(self.cleaned_data["business_name"])
        if self.group.businesses.filter(name__iexact=name).exists():
            raise forms.ValidationError(
                f"{self.group} has a business called {name} already."
            )
        return name

    def clean(self) -> dict[str, Any]:
        """Give the pay calendar its weeks, where it is one of weeks."""
        values: dict[str, Any] = super().clean() or {}
        chosen, day = values.get("pay_calendar", ""), values.get("calendar_day")
        if chosen != TWO_WEEKS and chosen not in weeks.PATTERNS:
            return values
        if day is None:
            if "calendar_day" not in self.errors:
                self.add_error("calendar_day", "Say which weeks these are.")
            return values
        if chosen == TWO_WEEKS:
            values["pay_calendar"] = weeks.two_weeks_from(day)
            return values
        found = weeks.ending_on(chosen, values.get("year_ends") or weeks.LAST, day)
        if found is None:
            wrong = f"{day:%A}, {day.day} {day:%B %Y}, is not such a day."
            self.add_error("calendar_day", wrong)
        else:
            values["pay_calendar"] = found
        return values


class NewRoleForm(forms.Form):
    """Somebody by e-mail, where, as what, and from when to when."""

    email = forms.EmailField(label="E-mail")
    name = forms.CharField(
        label="Name",
        max_length=200,
        required=False,
        help_text="For somebody who is new here.",
    )
    place = forms.ChoiceField(label="Where")
    role = forms.ChoiceField(
        label="Role", choices=[(role.value, role.label) for role in BUSINESS_ROLES]
    )
    starts_on = forms.DateField(
        label="First day",
        required=False,
        help_text="Empty: today.",
        widget=forms.DateInput({"type": "date"}),
    )
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        help_text="Empty: open end.",
        widget=forms.DateInput({"type": "date"}),
    )

    def __init__(
        self, *args: Any, group: Group, business: Business | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places: dict[str, Business | None] = {}
        found = group.businesses.order_by("name") if business is None else [business]
        self.places = {str(row.pk): row for row in found}
        choices = [(key, str(row)) for key, row in self.places.items()]
        roles = BUSINESS_ROLES
        if business is None:
            self.places["group"] = None
            choices.append(("group", f"{group.name} (the whole group)"))
            roles = BUSINESS_ROLES + GROUP_ROLES
        self.fields["place"] = forms.ChoiceField(label="Where", choices=choices)
        self.fields["role"] = forms.ChoiceField(
            label="Role", choices=[(role.value, role.label) for role in roles]
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        place, role = values.get("place"), values.get("role")
        if place and role and (place == "group") != (role in GROUP_ROLES):
            self.add_error(
                "role",
                "Owners and group admins belong to the whole group;"
                " other roles belong to one business.",
            )
        return values


class SettingsForm(forms.Form):
    """What may change about a business."""

    name = forms.CharField(label="Name", max_length=200)
    posts_late_changes = forms.BooleanField(
        label="Late changes post by themselves",
        required=False,
        help_text="Otherwise each waits for finance.",
    )
    solo_mode = forms.BooleanField(
        label="Solo mode",
        required=False,
        help_text="For a business that one person runs alone: the same person writes and"
        " publishes plans, and prepares and approves payout runs. Every run says so."
        " Only an owner changes it.",
    )
    second_publisher_above = forms.DecimalField(
        label="Plans need a second person above",
        required=False,
        min_value=0,
        max_digits=19,
        decimal_places=4,
        help_text="Whoever wrote a plan's draft may publish it alone where it moves no"
        " more than this amount of pay. Empty: always a second person. Only an owner"
        " changes it.",
    )


class DemoLogInForm(forms.Form):
    """Which of the demo's people to be."""

    person = forms.SlugField()
