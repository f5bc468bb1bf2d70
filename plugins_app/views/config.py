"""Console pages: what a plugin is told to be like, its revisions and secrets."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from plugins_app import selectors, services, verdicts
from plugins_app.configuration import drawing, formats, posted, secrets, shapes
from plugins_app.errors import ConfigChanged, InvalidConfig
from plugins_app.forms import ConfigText, RestoreForm, SecretForm
from plugins_app.models import Plugin
from plugins_app.verdicts import Judgement
from plugins_app.views.tabs import tab
from security.errors import InvalidInput, PublicError
from security.pages import deed, done, form_page, page, render
from security.principals import Principal

REVISIONS_SHOWN: Final = 20
Json = dict[str, Any]


@dataclass
class Editing:
    """One look at the tab: what is in its form or its text, and what came of it."""

    raw: bool
    format: str = "json"
    text: str = ""
    form: drawing.Field | None = None
    note: str = ""
    base: int = 0
    error: str = ""
    judgement: Judgement | None = None
    since: list[Any] = field(default_factory=list)  # what somebody else changed meanwhile


@form_page
def configure(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    principal.require("plugins.manage")
    found, frame = tab(principal, slug, "config")
    editing = _begun(request, found)
    if request.method == "POST":
        saved = _posted(request, principal, found, editing)
        if saved is not None:
            return saved
    told = {
        **frame,
        "editing": editing,
        "revisions": selectors.revisions(principal, slug)[:REVISIONS_SHOWN],
        "secrets": [row for row in selectors.secrets_of(found) if row.used],
        "processes": selectors.instances_of(found),
        "schema": selectors.schema_of(found),
        "formats": formats.FORMATS,
    }
    return render(request, "plugins_app/config.html", told)


def _begun(request: HttpRequest, plugin: Plugin) -> Editing:
    """As it is asked for: the form, or the text of what is in force."""
    sent = request.POST if request.method == "POST" else request.GET
    raw = "config" in request.POST or request.GET.get("view") == "raw"
    format = sent.get("format", "json")
    editing = Editing(raw, format if format in formats.FORMATS else "json", base=plugin.revision)
    if request.method != "POST":
        _show(editing, plugin)
    return editing


def _show(editing: Editing, plugin: Plugin) -> None:
    config = selectors.config_shown(plugin)
    if not editing.raw:
        shape = shapes.shape_of(selectors.schema_of(plugin))
        editing.form = drawing.drawn(shape, config, None, {})
        return
    try:
        editing.text = formats.written(config, editing.format)
    except InvalidInput as error:
        editing.error, editing.format = error.message, "json"
        editing.text = formats.written(config, "json")


def _posted(
    request: HttpRequest, principal: Principal, plugin: Plugin, editing: Editing
) -> HttpResponse | None:
    """The way on after it was saved; None when the page has to be shown again."""
    act = _text_posted if editing.raw else _form_posted
    config = act(request, plugin, editing)
    if config is None:
        return None
    try:
        return _judged(request, principal, plugin, editing, config)
    except InvalidConfig as error:
        _refused(request, plugin, editing, config, error)
    except ConfigChanged as error:
        _overtaken(request, plugin, editing, error)
    return None


def _judged(
    request: HttpRequest, principal: Principal, plugin: Plugin, editing: Editing, config: Json
) -> HttpResponse | None:
    if request.POST.get("do") == "check":
        editing.judgement = verdicts.judge(principal, plugin.id, config)
        _refused(request, plugin, editing, config, InvalidConfig.of(editing.judgement.problems))
        return None
    verdicts.require_agreed(principal, plugin.id, config)
    saved = services.configure(principal, plugin.id, config, note=editing.note, base=editing.base)
    if saved.revision == plugin.revision:
        return done(request, _("Nothing was changed."), request.path)
    told = _("Revision %(number)d is saved.") % {"number": saved.revision}
    return done(request, told, request.path)


def _text_posted(request: HttpRequest, plugin: Plugin, editing: Editing) -> Json | None:
    form = ConfigText(request.POST, request.FILES)
    editing.text = request.POST.get("config", "")
    if not form.is_valid():
        editing.error = " ".join(str(why) for each in form.errors.values() for why in each)
        return None
    _remember(editing, form.cleaned_data, plugin)
    editing.text, editing.format = form.sent, form.sent_as
    try:
        return formats.read(form.sent, form.sent_as)
    except InvalidInput as error:
        editing.error = error.message
        return None


def _form_posted(request: HttpRequest, plugin: Plugin, editing: Editing) -> Json | None:
    form = RestoreForm({**request.POST.dict(), "number": 0})
    if form.is_valid():
        _remember(editing, form.cleaned_data, plugin)
    shape = shapes.shape_of(selectors.schema_of(plugin))
    sent = request.POST.dict()
    if any("\0" in text for text in sent.values()):
        raise InvalidInput(_("That holds a character that cannot be stored."))
    reading = posted.read_form(shape, sent)
    if reading.problems:
        editing.error = _("Nothing was saved: look at what is marked below.")
        editing.form = drawing.drawn(shape, {}, sent, reading.problems)
        return None
    return reading.config


def _remember(editing: Editing, told: Json, plugin: Plugin) -> None:
    editing.note = told["note"]
    editing.base = plugin.revision if told["base"] is None else told["base"]


def _refused(
    request: HttpRequest, plugin: Plugin, editing: Editing, config: Json, error: InvalidConfig
) -> None:
    """Shown again as it was sent, but for the secrets in it: those are typed again."""
    if editing.raw:
        editing.error = _on_lines(editing, error)
        found = selectors.candidate(plugin, config)
        hidden = secrets.hidden_texts(found.effective)
        editing.text = secrets.scrubbed(editing.text, hidden)
        return
    if error.fields and editing.judgement is None:
        editing.error = _("Nothing was saved: look at what is marked below.")
    shape, sent = shapes.shape_of(selectors.schema_of(plugin)), request.POST.dict()
    reading = posted.read_form(shape, sent)
    editing.form = drawing.drawn(shape, {}, sent, reading.in_form(error.fields))


def _on_lines(editing: Editing, error: InvalidConfig) -> str:
    if not error.fields:
        return ""
    return InvalidConfig.of(formats.with_lines(error.fields, editing.text, editing.format)).message


def _overtaken(request: HttpRequest, plugin: Plugin, editing: Editing, error: PublicError) -> None:
    """Somebody else was faster. What they changed is shown; saving again puts ours in its place."""
    editing.error = error.message
    editing.since = selectors.revision_changes(plugin, editing.base, plugin.revision)
    editing.base = plugin.revision
    if not editing.raw:
        shape = shapes.shape_of(selectors.schema_of(plugin))
        editing.form = drawing.drawn(shape, {}, request.POST.dict(), {})


@page
def revision(request: HttpRequest, principal: Principal, slug: str, number: int) -> HttpResponse:
    principal.require("plugins.manage")
    found, frame = tab(principal, slug, "config")
    against = request.GET.get("against", "")
    older = int(against) if against.isdecimal() and len(against) < 10 else None
    shown = selectors.revision(principal, slug, number, against=older)
    numbers = list(found.revisions.order_by("-number").values_list("number", flat=True)[:100])
    told = {**frame, "shown": shown, "numbers": [*numbers, 0]}
    return render(request, "plugins_app/config_revision.html", told)


@deed
def restore(request: HttpRequest, principal: Principal, slug: str, number: int) -> HttpResponse:
    form = RestoreForm({**request.POST.dict(), "number": number})
    note = form.cleaned_data["note"] if form.is_valid() else ""
    plugin = services.restore_config(principal, slug, number, note=note)
    told = _("Revision %(new)d is saved: it is as revision %(old)d was.")
    numbers = {"new": plugin.revision, "old": number}
    return done(request, told % numbers, f"/plugins/{slug}/configure/")


@page
def export(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    """The configuration as a file; secrets are references."""
    config = selectors.shown_config(principal, slug)
    format = request.GET.get("format", "json")
    if format not in formats.FORMATS:
        raise InvalidInput(_("A configuration is told as JSON, YAML or TOML."))
    answer = HttpResponse(formats.written(config, format), f"application/{format}")
    answer["Content-Disposition"] = f'attachment; filename="{slug}.{format}"'
    return answer


@deed
def set_secret(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    form = SecretForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(
            _("Name the field, and type its secret."), fields={"value": _("missing")}
        )
    name, value = form.cleaned_data["name"], form.cleaned_data["value"]
    services.set_secret(principal, slug, name, value)
    told = _("The secret of %(field)s is set.") % {"field": name}
    return done(request, told, f"/plugins/{slug}/configure/")


@deed
def remove_secret(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    name = request.GET.get("name", "") or request.POST.get("name", "")
    services.remove_secret(principal, slug, name)
    told = _("The secret of %(field)s is gone, from older revisions, too.") % {"field": name}
    return done(request, told, f"/plugins/{slug}/configure/")
