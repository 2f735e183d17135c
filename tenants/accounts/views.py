"""The start page, the demo's log-in, people and access, and a business's settings."""

from typing import Any

from allauth.account import views as account_views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from commissions_saas.lib.errors import ProductError
from tenants.access import (
    EVERY_ROLE,
    MemberRequest,
    Role,
    may,
    others_who_may,
    public_page,
    requires,
    signed_in,
)
from tenants.accounts import home, selectors, services, setup
from tenants.accounts.forms import (
    DemoLogInForm,
    NewBusinessForm,
    NewRoleForm,
    SettingsForm,
    paid_by,
)
from tenants.accounts.invitations import bring_in
from tenants.accounts.models import Business, DemoPerson, RoleGrant
from tenants.jobs.models import Job
from tenants.urls_for import business_url, group_url

LOG_IN_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@signed_in
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Go to the one place with work for the person; let them choose between several."""
    url = home.start_of(request)
    if url:
        return redirect(url)
    context = {"places": selectors.places_of(request.user)}  # type: ignore[arg-type]
    return render(request, "accounts/places.html", context)


@public_page
def sign_up(request: HttpRequest) -> HttpResponse:
    """Sign up; whoever pressed twice is one person, and is sent to log in."""
    try:
        answer: HttpResponse = account_views.signup(request)
        return answer
    except IntegrityError:
        # The first press made the account between the second one's look and its write.
        messages.info(request, "This address has just signed up. Log in with it.")
        return redirect("account_login")


@public_page
@require_POST
def demo_log_in(request: HttpRequest) -> HttpResponse:
    """Be one of the demo's people; there is no such page outside the demo."""
    if not settings.DEMO:
        raise Http404
    form = DemoLogInForm(request.POST)
    if not form.is_valid():
        raise Http404
    people = DemoPerson.objects.select_related("user")
    person = get_object_or_404(people, key=form.cleaned_data["person"])
    login(request, person.user, backend=LOG_IN_BACKEND)
    return redirect(home.start_of(request) or "accounts:home")


@requires(*EVERY_ROLE)
@require_safe
def business_start(request: MemberRequest) -> HttpResponse:
    """Go to where the member's role starts in this business."""
    return redirect(home.page_in_business(request))


@requires(Role.ADMIN)
@require_safe
def business_setup(request: MemberRequest) -> HttpResponse:
    """Show what a new business has to do first."""
    tasks = setup.tasks_of(request)
    done = sum(task.state == setup.DONE for task in tasks)
    setup.show_progress(request, done < len(tasks))
    context = {
        "tasks": tasks,
        "done": done,
        "alone": not others_who_may(request, [Role.ADMIN, Role.FINANCE]),
        "is_owner": request.member.has(Role.OWNER),
    }
    return render(request, "accounts/setup.html", context)


@requires(Role.OWNER, Role.GROUP_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def group_people(request: MemberRequest) -> HttpResponse:
    """Show who may do what in the group's businesses, and bring somebody in."""
    return people_page(request, None)


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: MemberRequest) -> HttpResponse:
    """Show who may do what in this business, and bring somebody in."""
    return people_page(request, request.business)


def people_page(request: MemberRequest, business: Business | None) -> HttpResponse:
    form = NewRoleForm(request.POST or None, group=request.group, business=business)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            grant = bring_in(
                email=values["email"],
                name=values["name"],
                role=Role(values["role"]),
                group=request.group,
                business=form.places[values["place"]],
                starts_on=values["starts_on"],
                ends_on=values["ends_on"],
                by=request.member.user,
            )
        except ProductError as problem:
            form.add_error(None, str(problem))
        else:
            person = grant.member.user
            messages.success(request, f"{person} is now {grant.get_role_display()}.")
            return redirect(request.path)
    status = 422 if form.is_bound else 200
    context = people_context(request, business) | {"form": form}
    return render(request, "accounts/people.html", context, status=status)


def people_context(request: MemberRequest, business: Business | None) -> dict[str, Any]:
    places: list[Business | None] = [business]
    if business is None:
        places = [None, *request.group.businesses.order_by("name")]
    may_end_owners = may(request.member, "owners.manage")
    return {
        "places": [str(place or request.group) for place in places],
        "people": [
            (
                person,
                [
                    [
                        (grant, end_url(request, business, grant, may_end_owners))
                        for grant in cell
                    ]
                    for cell in person.cells
                ],
            )
            for person in selectors.people_of(group=request.group, businesses=places)
        ],
        "owners": selectors.owners_of(request.group) if business else [],
        "base": "base_business.html" if business else "base_group.html",
        "new_business_url": ""
        if business
        else group_url(request.group, "accounts:group_new_business"),
    }


def end_url(
    request: MemberRequest,
    business: Business | None,
    grant: RoleGrant,
    may_end_owners: bool,
) -> str:
    """Return where the role can be ended, or nothing where the member may not."""
    if grant.member.user_id == request.member.user_id:
        return ""
    if grant.role in selectors.GROUP_ROLES and not may_end_owners:
        return ""
    if business:
        return business_url(business, "accounts:end_role", grant.pk)
    return group_url(request.group, "accounts:group_end_role", grant.pk)


@requires(Role.OWNER, Role.GROUP_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def group_end_role(request: MemberRequest, grant: int) -> HttpResponse:
    return end_page(
        request, None, grant, group_url(request.group, "accounts:group_people")
    )


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def end_role(request: MemberRequest, grant: int) -> HttpResponse:
    back = business_url(request.business, "accounts:members")
    return end_page(request, request.business, grant, back)


def end_page(
    request: MemberRequest, business: Business | None, grant_id: int, back: str
) -> HttpResponse:
    """Ask, then end a role as of yesterday."""
    grants = selectors.grants_in(request.group, business)
    grant = get_object_or_404(
        grants.select_related("member__user", "member__business", "member__group"),
        pk=grant_id,
    )
    person = str(grant.member.user)
    if request.method == "POST":
        try:
            services.end_role(grant=grant, by=request.member.user)
        except ProductError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(
                request, f"{person} is no longer {grant.get_role_display()}."
            )
        return redirect(back)
    context = {
        "base": "base_business.html" if business else "base_group.html",
        "heading": f"End the role {grant.get_role_display()} of {person}",
        "facts": [
            ("Where", str(grant.member.business or grant.member.group)),
            ("Held since", date_format(grant.starts_on, "j M Y")),
        ],
        "undo": "Give the role again; the days between stay without it.",
        "button": "End the role now",
        "button_class": "primary danger",
        "busy": "Ending…",
        "back_url": back,
    }
    return render(request, "frame/confirm.html", context)


@requires(Role.OWNER, Role.GROUP_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def group_new_business(request: MemberRequest) -> HttpResponse:
    """Make one more business, in a job."""
    form = NewBusinessForm(request.POST or None, group=request.group)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        business = services.create_business(
            group=request.group,
            name=values["business_name"],
            currency=values["currency"],
            time_zone=values["time_zone"],
            pay_calendar=values["pay_calendar"],
            by=request.member.user,
        )
        job = Job.objects.get(kind="make_business", arguments={"business": business.pk})
        return redirect(group_url(request.group, "jobs:group_job", job.pk))
    status = 422 if form.is_bound else 200
    return render(request, "accounts/new_business.html", {"form": form}, status=status)


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def business_settings(request: MemberRequest) -> HttpResponse:
    """Change a business's name and how it handles late changes and approvals."""
    business = request.business
    initial = {key: getattr(business, key) for key in SettingsForm.base_fields}
    form = SettingsForm(request.POST or None, initial=initial)
    if not request.member.has(Role.OWNER):
        form.fields["solo_mode"].disabled = True
        form.fields["second_publisher_above"].disabled = True
    if request.method == "POST" and form.is_valid():
        services.change_business(
            business=business, by=request.member.user, **form.cleaned_data
        )
        messages.success(request, "The settings are saved.")
        return redirect(request.path)
    status = 422 if form.is_bound else 200
    context = {"form": form, "paid_by": paid_by(business.pay_calendar)}
    return render(request, "accounts/settings.html", context, status=status)
