"""One look at the form of an agent: what is in its fields or its text, and what comes of sending it."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from plugins_app import selectors, services, verdicts
from plugins_app.configuration import drawing, formats, secrets, shapes
from plugins_app.configuration import posted as sent_forms
from plugins_app.errors import AgentTaken, ConfigChanged, InvalidConfig
from plugins_app.forms import AgentForm, ConfigText
from plugins_app.models import HostedAgent, Plugin
from plugins_app.verdicts import Judgement
from security.errors import InvalidInput, PublicError
from security.principals import Principal

Json = dict[str, Any]


@dataclass
class Editing:
    """`words`: the agent's address, name and description. `hosted`: None for an agent that is to be."""

    hosted: HostedAgent | None
    words: AgentForm
    raw: bool = False
    format: str = "yaml"
    text: str = ""
    form: drawing.Field | None = None
    base: int = 0
    error: str = ""
    judgement: Judgement | None = None
    schema: Json = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.hosted.agent.slug if self.hosted else self.words.cleaned_data.get("slug", "")


def begun(
    request: HttpRequest,
    plugin: Plugin,
    hosted: HostedAgent | None,
    like: HostedAgent | None = None,
) -> Editing:
    """As it is asked for: the form, or the text of what is in force, or of what it shall be like."""
    sent = request.POST if request.method == "POST" else request.GET
    format = sent.get("format", "yaml")
    editing = Editing(
        hosted,
        AgentForm(request.POST or None, initial=_words(hosted or like, is_new=hosted is None)),
        raw="config" in request.POST or request.GET.get("view") == "raw",
        format=format if format in formats.FORMATS else "yaml",
        base=hosted.revision if hosted else 0,
        schema=selectors.agent_schema_of(plugin),
    )
    editing.words.fields["slug"].required = hosted is None
    if request.method != "POST":
        _show(editing, _config(hosted, like))
    return editing


def _words(hosted: HostedAgent | None, *, is_new: bool) -> Json:
    if hosted is None:
        return {}
    agent = hosted.agent
    slug = f"{agent.slug}-2" if is_new else agent.slug
    name = f"{agent.name} 2" if is_new else agent.name
    return {"slug": slug, "name": name, "description": agent.description}


def _config(hosted: HostedAgent | None, like: HostedAgent | None) -> Json:
    """Of another agent without its secrets: those are its own."""
    if hosted is not None:
        return selectors.agent_config_shown(hosted)
    copy = _without_secrets(selectors.agent_config_shown(like)) if like is not None else {}
    return copy if isinstance(copy, dict) else {}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if not _is_secret(item)}
        return {name: _without_secrets(item) for name, item in kept.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value if not _is_secret(item)]
    return value


def _is_secret(value: Any) -> bool:
    return secrets.is_reference(value) or value == secrets.REDACTED


def _show(editing: Editing, config: Json) -> None:
    if not editing.raw:
        shape = shapes.shape_of(editing.schema)
        editing.form = drawing.drawn(shape, config, None, {})
        return
    try:
        editing.text = formats.written(config, editing.format)
    except InvalidInput as error:  # TOML has no null
        editing.error, editing.format = error.message, "yaml"
        editing.text = formats.written(config, "yaml")


def posted(
    request: HttpRequest, principal: Principal, plugin: Plugin, editing: Editing
) -> HostedAgent | None:
    """The agent that was saved; None when the form has to be shown again, with why."""
    words = editing.words.is_valid()
    base = request.POST.get("base", "")
    editing.base = int(base) if base.isdecimal() and len(base) < 10 else editing.base
    config = (_text_sent if editing.raw else _form_sent)(request, editing)
    if config is None:
        return None
    if not words:
        editing.error = _("Nothing was saved: look at what is marked below.")
        _redrawn(request, editing, config, {})
        return None
    try:
        return _judged(request, principal, plugin, editing, config)
    except InvalidConfig as error:
        _refused(request, plugin, editing, config, error)
    except ConfigChanged as error:
        editing.error = _("%(why)s Saving again puts yours in its place.") % {"why": error.message}
        editing.base = selectors.access_hosted(principal, plugin.id, editing.address).revision
        _redrawn(request, editing, config, {})
    except (AgentTaken, InvalidInput) as error:
        _told_beside(editing, error)
        _redrawn(request, editing, config, {})
    return None


def _judged(
    request: HttpRequest, principal: Principal, plugin: Plugin, editing: Editing, config: Json
) -> HostedAgent | None:
    address = editing.address
    if request.POST.get("do") == "check":
        editing.judgement = verdicts.judge_agent(principal, plugin.id, address, config)
        _refused(request, plugin, editing, config, InvalidConfig.of(editing.judgement.problems))
        return None
    verdicts.require_agent_agreed(principal, plugin.id, address, config)
    words = {name: editing.words.cleaned_data[name] for name in ("name", "description")}
    if editing.hosted is None:
        return services.add_agent(principal, plugin.id, slug=address, config=config, **words)
    return services.change_agent(
        principal, plugin.id, address, config=config, base=editing.base, **words
    )


def _text_sent(request: HttpRequest, editing: Editing) -> Json | None:
    form = ConfigText(request.POST, request.FILES)
    editing.text = request.POST.get("config", "")
    if not form.is_valid():
        editing.error = " ".join(str(why) for each in form.errors.values() for why in each)
        return None
    editing.text, editing.format = form.sent, form.sent_as
    try:
        return formats.read(form.sent, form.sent_as)
    except InvalidInput as error:
        editing.error = error.message
        return None


def _form_sent(request: HttpRequest, editing: Editing) -> Json | None:
    sent = request.POST.dict()
    if any("\0" in text for text in sent.values()):
        raise InvalidInput(_("That holds a character that cannot be stored."))
    shape = shapes.shape_of(editing.schema)
    reading = sent_forms.read_form(shape, sent)
    if reading.problems:
        editing.error = _("Nothing was saved: look at what is marked below.")
        editing.form = drawing.drawn(shape, {}, sent, reading.problems)
        return None
    return reading.config


def _refused(
    request: HttpRequest, plugin: Plugin, editing: Editing, config: Json, error: InvalidConfig
) -> None:
    """Shown again as it was sent, but for the secrets in it: those are typed again."""
    if error.fields and editing.judgement is None:
        editing.error = _("Nothing was saved: look at what is marked below.")
    if editing.raw and error.fields:
        lined = formats.with_lines(error.fields, editing.text, editing.format)
        editing.error = InvalidConfig.of(lined).message
    if editing.raw:
        found = selectors.agent_candidate(plugin, editing.hosted, config)
        editing.text = secrets.scrubbed(editing.text, secrets.hidden_texts(found.effective))
    _redrawn(request, editing, config, error.fields)


def _redrawn(
    request: HttpRequest, editing: Editing, config: Json, problems: dict[str, str]
) -> None:
    if editing.raw:
        return
    shape, sent = shapes.shape_of(editing.schema), request.POST.dict()
    reading = sent_forms.read_form(shape, sent)
    editing.form = drawing.drawn(shape, {}, sent, reading.in_form(problems))


def _told_beside(editing: Editing, error: PublicError) -> None:
    """At the address, where the refusal is about that."""
    if isinstance(error, AgentTaken) or "slug" in error.fields:
        editing.words.add_error("slug", error.message)
    else:
        editing.error = error.message
