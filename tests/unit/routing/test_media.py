"""What an agent takes of what a message brings."""

import pytest

from routing.delivery.media import require_taken
from routing.errors import ContentTypeNotSupported

PNG = {"raw": "", "mediaType": "image/png"}


@pytest.mark.parametrize(
    ("part", "modes"),
    [
        (PNG, ()),
        (PNG, ("image/png",)),
        (PNG, ("image/*",)),
        (PNG, ("*/*",)),
        (PNG, ("IMAGE/PNG",)),
        (PNG, ("file",)),
        ({"text": "x"}, ("image/png",)),
        ({"data": 1}, ("image/png",)),
        ({"raw": ""}, ("text/plain",)),
        ({"text": "x", "mediaType": "text/plain; charset=utf-8"}, ("text/plain",)),
        ({"text": "x", "mediaType": "text/markdown"}, ("text",)),
    ],
)
def test_taken(part, modes):
    require_taken([part], modes)


@pytest.mark.parametrize(
    ("part", "modes"),
    [
        (PNG, ("text/plain",)),
        (PNG, ("text/*", "image/jpeg")),
        (PNG, ("text", "data")),
        ({"text": "x", "mediaType": "text/html"}, ("text/plain",)),
    ],
)
def test_not_taken(part, modes):
    with pytest.raises(ContentTypeNotSupported, match=r"parts\[1\]"):
        require_taken([{"text": "x"}, part], modes)
