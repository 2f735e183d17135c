"""What can go wrong with users, groups, businesses and members, in a reader's words."""

from commissions_saas.lib.errors import ProductError


class AccountsError(ProductError):
    """The family of this app's errors."""


class TemplateBehind(AccountsError):
    def __init__(self) -> None:
        super().__init__(
            "The template of new businesses is missing or older than the code.",
            hint="Run `manage.py make_template`, then start the job again.",
        )


class SlugTaken(AccountsError):
    def __init__(self, slug: str) -> None:
        super().__init__(f"The address '{slug}' is taken.", hint="Choose another one.")
        self.slug = slug


class EmailTaken(AccountsError):
    def __init__(self) -> None:
        super().__init__(
            "There is an account with this e-mail address already.",
            hint="Log in, or reset the password.",
        )


class NotYourOwnRole(AccountsError):
    def __init__(self) -> None:
        super().__init__(
            "You cannot change your own roles.",
            hint="Ask another owner or group admin.",
        )


class OnlyOwnersMayDoThis(AccountsError):
    def __init__(self) -> None:
        super().__init__(
            "Only an owner may make or unmake owners and group admins.",
            hint="Ask an owner of this group.",
        )


class LastOwner(AccountsError):
    def __init__(self) -> None:
        super().__init__(
            "This is the group's last owner.",
            hint="Make somebody else an owner first.",
        )


class WrongPlaceForRole(AccountsError):
    def __init__(self, role: str) -> None:
        super().__init__(
            f"The role '{role}' cannot be held here.",
            hint="Owners and group admins belong to the group; other roles to a business.",
        )


class RoleHeldAlready(AccountsError):
    def __init__(self, role: str) -> None:
        super().__init__(
            f"The role '{role}' is held already in a part of these days.",
            hint="End the present one first, or choose other days.",
        )


class DatesTheWrongWayRound(AccountsError):
    def __init__(self) -> None:
        super().__init__("The last day is before the first day.")


class NoSuchCurrency(AccountsError):
    def __init__(self, currency: str) -> None:
        super().__init__(
            f"'{currency}' is not a currency code.",
            hint="Use three letters, as in USD.",
        )


class NoSuchTimeZone(AccountsError):
    def __init__(self, zone: str) -> None:
        super().__init__(
            f"'{zone}' is not a time zone.", hint="Use a name such as America/Chicago."
        )


class EmailNotConfirmed(AccountsError):
    """Somebody signed up with the address, and may not be the one who reads its mail."""

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{email} has a log-in, but the address was never confirmed.",
            hint="Ask them to confirm it by the mail of their sign-up, then try again.",
        )
