"""Configurations as bodies: JSON, YAML and TOML, by Content-Type, Accept and `?format=`."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from plugins_app.configuration import formats
from security.errors import InvalidInput, TooLarge


class Text(dict[str, Any]):
    """A configuration that was read, and what it was read from: to say on which line a problem is."""

    def __init__(self, text: str, format: str) -> None:
        super().__init__(formats.read(text, format))
        self.text = text
        self.format = format


class _Parser(BaseParser):
    format = ""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Text:
        body = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(body) > settings.MAX_BODY_BYTES:
            told = _("The body is larger than %(most)d bytes.")
            raise TooLarge(told % {"most": settings.MAX_BODY_BYTES})
        try:
            return Text(body.decode(), self.format)
        except UnicodeDecodeError:
            raise InvalidInput(_("The body is no UTF-8.")) from None


class JsonText(_Parser):
    media_type, format = "application/json", "json"


class YamlText(_Parser):
    media_type, format = "application/yaml", "yaml"


class TomlText(_Parser):
    media_type, format = "application/toml", "toml"


PARSERS = (JsonText, YamlText, TomlText)


# They only take part in choosing: the view writes the text, and refusals are JSON whatever was asked for.
class AsYaml(JSONRenderer):
    media_type, format = "application/yaml", "yaml"


class AsToml(JSONRenderer):
    media_type, format = "application/toml", "toml"


class FormatFirst(DefaultContentNegotiation):
    """`?format=` wins over `Accept`."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        wanted = request.query_params.get("format", "")
        if not wanted:
            chosen: tuple[Any, str] = super().select_renderer(request, renderers, format_suffix)
            return chosen
        for renderer in renderers:
            if renderer.format == wanted:
                return renderer, renderer.media_type
        told = _("must be one of %(formats)s") % {"formats": ", ".join(formats.FORMATS)}
        raise InvalidInput(f"format: {told}", fields={"format": told})


RENDERERS = (JSONRenderer, AsYaml, AsToml)
