"""The page on which kinds of records are read of a source."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from crm_sync.connections import forms
from crm_sync.connections.choosing import choose_objects
from crm_sync.connections.places import (
    WRITES,
    address,
    base,
    in_both_places,
    own_connection_at,
)
from tenants.access import MemberRequest


def _objects(request: MemberRequest, id: int) -> HttpResponse:
    """Choose which kinds of records are read, those that people made up included."""
    found = own_connection_at(request, id)
    chosen = found.options.get("objects", ["deal"])
    offered = found.options.get("offered") or dict.fromkeys(chosen)
    form = forms.ObjectsForm(
        request.POST or None,
        offered={name: label or name for name, label in offered.items()},
        initial={"objects": chosen},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            choose_objects(
                connection=found,
                objects=form.cleaned_data["objects"],
                by=request.member,
            )
            messages.success(request, "Saved. The next sync reads what is new.")
            return redirect(address(request, "connection", id))
    context = {
        "base": base(request),
        "heading": f"What to read of {found.name}",
        "lede": "What is read no more stays here and still counts.",
        "button": "Save",
        "form": form,
        "back_url": address(request, "connection", id),
    }
    return render(request, "frame/confirm.html", context, status=status)


objects, group_objects = in_both_places(_objects, *WRITES)
