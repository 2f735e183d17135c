"""Pages of products, services, territories and customers: lists that work alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import forms, services
from crm_sync.ledger.dated_pages import values_about
from crm_sync.ledger.downloads import table_answer
from crm_sync.ledger.history import history_of_named
from crm_sync.ledger.models import Customer, Entry, Product, Service, Territory
from crm_sync.ledger.tables import named_csv
from tenants.access import MemberRequest, Role, may, requires
from tenants.frame.pagination import paginate
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.FINANCE, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the lists: the table, the words, how one is made."""

    model: Any
    one: str
    many: str
    make: Callable[..., Any]
    is_counted: bool = False  # entries carry it in a column of their own


PRODUCTS = Kind(Product, "product", "products", services.create_product, True)
SERVICES = Kind(Service, "service", "services", services.create_service)
CUSTOMERS = Kind(Customer, "customer", "customers", services.create_customer)
TERRITORIES = Kind(
    Territory, "territory", "territories", services.create_territory, True
)


@requires(*READS)
@require_safe
def products(request: MemberRequest) -> HttpResponse:
    return _list(request, PRODUCTS)


@requires(*READS)
@require_safe
def services_list(request: MemberRequest) -> HttpResponse:
    return _list(request, SERVICES)


@requires(*READS)
@require_safe
def customers_list(request: MemberRequest) -> HttpResponse:
    return _list(request, CUSTOMERS)


@requires(*READS)
@require_safe
def territories(request: MemberRequest) -> HttpResponse:
    return _list(request, TERRITORIES)


def _list(request: MemberRequest, kind: Kind) -> HttpResponse:
    """All of them by name, with how many records carry each."""
    asked = request.GET.get("q", "").strip()
    rows = kind.model.objects.all()
    if asked:
        rows = rows.filter(name__icontains=asked)
    page = paginate(rows, order=("name", "id"), cursor=request.GET.get("page", ""))
    context = {
        "kind": kind,
        "page": page,
        "asked": asked,
        "may_write": may(request.member, "payees.write"),
        "urls": _urls(request, kind),
        "rows": [
            (row, business_url(request.business, f"ledger:{kind.one}", row.pk))
            for row in page.rows
        ],
    }
    return render(request, "ledger/named_list.html", context)


@requires(*READS)
def product(request: MemberRequest, row_id: int) -> HttpResponse:
    return _detail(request, PRODUCTS, row_id)


@requires(*READS)
def service(request: MemberRequest, row_id: int) -> HttpResponse:
    return _detail(request, SERVICES, row_id)


@requires(*READS)
def customer(request: MemberRequest, row_id: int) -> HttpResponse:
    return _detail(request, CUSTOMERS, row_id)


@requires(*READS)
def territory(request: MemberRequest, row_id: int) -> HttpResponse:
    return _detail(request, TERRITORIES, row_id)


def _detail(request: MemberRequest, kind: Kind, row_id: int) -> HttpResponse:
    """One of them: its attributes, which may be edited, and what was changed."""
    row: Any = get_object_or_404(kind.model, pk=row_id)
    initial = {
        "name": row.name,
        "attributes": forms.write_attributes(row.attributes),
        "active": row.active,
    }
    form = forms.NamedForm(
        {**request.POST.dict(), "name": row.name} if request.method == "POST" else None,
        initial=initial,
    )
    del form.fields["name"]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.edit_named(row=row, by=request.member, **form.cleaned_data)
            except ProductError as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, f"{row.name} is saved.")
                return redirect(request.path)
    context = {
        "kind": kind,
        "row": row,
        "form": form,
        "attributes": sorted(row.attributes.items()),
        "records": _records(kind, row),
        "values": values_about(kind.one, row.pk),
        "value_form": forms.ValueForm(),
        "value_url": business_url(
            request.business, "ledger:value_new", kind.one, row.pk
        ),
        "history": history_of_named(row),
        "may_write": may(request.member, "payees.write"),
        "urls": _urls(request, kind),
    }
    return render(request, "ledger/named.html", context, status=status)


def _records(kind: Kind, row: Any) -> int | None:
    if not kind.is_counted:
        return None
    return Entry.objects.filter(**{kind.one: row.name}, deleted=False).count()


@requires(*WRITES)
def product_new(request: MemberRequest) -> HttpResponse:
    return _new(request, PRODUCTS)


@requires(*WRITES)
def service_new(request: MemberRequest) -> HttpResponse:
    return _new(request, SERVICES)


@requires(*WRITES)
def customer_new(request: MemberRequest) -> HttpResponse:
    return _new(request, CUSTOMERS)


@requires(*WRITES)
def territory_new(request: MemberRequest) -> HttpResponse:
    return _new(request, TERRITORIES)


def _new(request: MemberRequest, kind: Kind) -> HttpResponse:
    """Add one by the name that the source uses."""
    form = forms.NamedForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = kind.make(
                    name=form.cleaned_data["name"],
                    attributes=form.cleaned_data["attributes"],
                    by=request.member,
                )
            except ProductError as problem:
                form.add_error("name", str(problem))
            else:
                messages.success(request, f"{made.name} is added.")
                return redirect(_urls(request, kind)["list"])
    context = {"kind": kind, "form": form, "urls": _urls(request, kind)}
    return render(request, "ledger/named_new.html", context, status=status)


@requires(*READS)
@require_safe
def products_file(request: MemberRequest) -> HttpResponse:
    return _file(request, PRODUCTS)


@requires(*READS)
@require_safe
def services_file(request: MemberRequest) -> HttpResponse:
    return _file(request, SERVICES)


@requires(*READS)
@require_safe
def customers_file(request: MemberRequest) -> HttpResponse:
    return _file(request, CUSTOMERS)


@requires(*READS)
@require_safe
def territories_file(request: MemberRequest) -> HttpResponse:
    return _file(request, TERRITORIES)


def _file(request: MemberRequest, kind: Kind) -> HttpResponse:
    rows = kind.model.objects.order_by("name")
    return table_answer(request, named_csv(rows), kind.many)


def _urls(request: MemberRequest, kind: Kind) -> dict[str, str]:
    def url(name: str) -> str:
        return business_url(request.business, f"ledger:{name}")

    return {
        "list": url(kind.many),
        "new": url(f"{kind.one}_new"),
        "file": url(f"{kind.many}_file"),
        "upload": url(f"{kind.many}_upload"),
    }
