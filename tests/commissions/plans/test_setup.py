"""A new business is led through its first tasks, each with its true state."""

from django.test import Client

from commissions.plans import services
from commissions.plans.yaml_form import plan_from_yaml
from tenants.accounts.models import Business, Role
from tests.commissions.plans.drafts import FLAT
from tests.people import a_member


def states(client: Client) -> dict[str, str]:
    tasks = client.get("/b/acme/setup/").context["tasks"]
    return {task.words.split()[0]: task.state for task in tasks}


def test_the_states_of_a_new_business_follow_what_was_done(
    acme: Business, client: Client
) -> None:
    ada = a_member(acme, "Ada", Role.ADMIN)
    client.force_login(ada.user)
    before = states(client)

    services.create_plan(document=plan_from_yaml(FLAT), by=ada)

    assert before["Connect"] == before["Write"] == before["Put"] == "Not started"
    assert states(client)["Write"] == "In progress"


def test_an_admin_of_a_new_business_starts_at_its_setup(
    acme: Business, client: Client
) -> None:
    client.force_login(a_member(acme, "Ada", Role.ADMIN).user)

    answer = client.get("/b/acme/")

    assert answer.headers["Location"] == "/b/acme/setup/"
