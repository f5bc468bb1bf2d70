"""Console pages: packages brought in by hand, reviews, and the keys of publishers."""

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from plugins_app.packages.archive import MAX_PACKED_BYTES
from plugins_app.selectors import market as selectors
from plugins_app.services import acceptance, reviews
from registry.models import Trust
from security import permissions
from security.errors import InvalidInput, TooLarge
from security.pages import deed, done, form_page, page, render, tried
from security.principals import Principal


class UploadForm(forms.Form):
    package = forms.FileField(
        label=gettext_lazy("Package"),
        help_text=gettext_lazy(
            "As “agentx plugin build” makes it: NAME-VERSION.agentx.tar.gz, at most 64 MiB."
        ),
    )
    signature = forms.CharField(
        label=gettext_lazy("Signature"),
        required=False,
        max_length=128,
        help_text=gettext_lazy("What stands in the .sig file beside it. Empty: it is unsigned."),
        widget=forms.TextInput(attrs={"class": "ax-input ax-mono", "autocomplete": "off"}),
    )

    def clean_package(self) -> Any:
        file = self.cleaned_data["package"]
        if file.size > MAX_PACKED_BYTES:
            raise forms.ValidationError(TooLarge(_("It is larger than 64 MiB.")).message)
        return file


class KeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Publisher"),
        max_length=100,
        widget=forms.TextInput(attrs={"class": "ax-input", "autocomplete": "off"}),
    )
    public_key = forms.CharField(
        label=gettext_lazy("Public key"),
        max_length=1000,
        help_text=gettext_lazy("Ed25519: as “agentx plugin keygen” prints it, or PEM."),
        widget=forms.Textarea(attrs={"class": "ax-mono", "rows": 3, "spellcheck": "false"}),
    )
    trust = forms.ChoiceField(
        label=gettext_lazy("Lends at most"),
        choices=Trust.choices,
        initial=Trust.VERIFIED,
        widget=forms.Select(attrs={"class": "ax-select"}),
    )


@form_page
def upload(request: HttpRequest, principal: Principal) -> HttpResponse:
    principal.require(permissions.PLUGINS_MANAGE)
    form = UploadForm(request.POST or None, request.FILES or None)
    made: list[str] = []
    if form.is_bound and form.is_valid() and tried(form, partial(_accept, principal, form, made)):
        done(
            request,
            _("%(plugin)s is here. Below is how far its installation is.") % {"plugin": made[0]},
        )
        return HttpResponseRedirect(f"/plugins/{made[0]}/releases/")
    crumbs = [("/catalogue/", _("Catalogue"))]
    told = {"title": _("Bring a package"), "crumbs": crumbs, "form": form}
    return render(request, "plugins_app/upload.html", told)


@page
def queue(request: HttpRequest, principal: Principal) -> HttpResponse:
    """What waits for a review."""
    waiting = selectors.waiting_reviews(principal)
    told = {
        "title": _("Reviews"),
        "crumbs": [("/catalogue/", _("Catalogue"))],
        "rows": Paginator(waiting, 50).get_page(request.GET.get("page")),
        "trusts": Trust.choices,
        "me": selectors.person_of(principal),
    }
    return render(request, "plugins_app/reviews.html", told)


@deed
def review(request: HttpRequest, principal: Principal, package_id: UUID) -> HttpResponse:
    verdict = request.POST.get("verdict", "")
    if verdict not in ("approve", "reject"):
        raise InvalidInput(_("Approve it or reject it."))
    package = reviews.review(
        principal,
        package_id,
        approved=verdict == "approve",
        level=request.POST.get("trust", ""),
        note=request.POST.get("note", ""),
    )
    told = _("%(package)s has the trust %(trust)s now.")
    names = {"package": package, "trust": package.get_trust_display()}
    return done(request, told % names, "/packages/reviews/")


@form_page
def publishers(request: HttpRequest, principal: Principal) -> HttpResponse:
    principal.require(permissions.PLUGINS_REVIEW)
    form = KeyForm(request.POST or None)
    if form.is_bound and form.is_valid() and tried(form, partial(_add, principal, form)):
        return done(request, _("Its signatures count from now on."), "/publishers/")
    told = {
        "title": _("Publishers"),
        "crumbs": [("/catalogue/", _("Catalogue"))],
        "rows": selectors.publisher_keys(principal),
        "form": form,
    }
    return render(request, "plugins_app/publishers.html", told)


@deed
def revoke(request: HttpRequest, principal: Principal, key_id: UUID) -> HttpResponse:
    key = reviews.revoke_publisher_key(principal, key_id)
    told = _("The key of %(name)s is revoked; what it signed has lost its trust.")
    return done(request, told % {"name": key.name}, "/publishers/")


def _accept(principal: Principal, form: UploadForm, made: list[str]) -> None:
    file, signature = form.cleaned_data["package"], form.cleaned_data["signature"].strip()
    made.append(acceptance.accept(principal, file.read(), signature=signature).slug)


def _add(principal: Principal, form: KeyForm) -> None:
    told = form.cleaned_data
    reviews.add_publisher_key(
        principal, name=told["name"], public_key=told["public_key"], level=told["trust"]
    )
