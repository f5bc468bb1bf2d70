"""The A2A 1.0 AgentCard as JSON Schema, after the messages of `lf.a2a.v1`. Also the list of what a card may hold at all:
what is not named here is ignored, as the specification asks.
"""

from typing import Any, Final

Schema = dict[str, Any]

WEB_URL: Final = r"^https?://[^\s/?#]+\S*$"
ICON_URL: Final = r"^(https?://[^\s/?#]+\S*|data:image/[a-z0-9.+-]+[;,]\S*)$"
ANY_URI: Final = r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"
MAX_TEXT: Final = 10_000
MAX_ITEMS: Final = 1_000


def _object(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), **more}


def _map(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of, "maxProperties": MAX_ITEMS}


def _list(of: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": of, "maxItems": MAX_ITEMS, **more}


def _url(pattern: str = WEB_URL) -> Schema:
    return {"type": "string", "pattern": pattern, "maxLength": MAX_TEXT}


TEXT: Final[Schema] = {"type": "string", "maxLength": MAX_TEXT}
# What the protocol requires is never empty: the SDKs drop empty values before they check a signature.
FILLED: Final[Schema] = {**TEXT, "pattern": r"\S"}
FLAG: Final[Schema] = {"type": "boolean"}
MODES: Final = _list({**FILLED, "maxLength": 200}, minItems=1)
TEXTS: Final = _list(FILLED)
SCOPES: Final = _map({"type": "string"})

REQUIREMENT: Final = _object({"schemes": _map(_object({"list": _list(TEXT)}))})
FLOWS: Final = _object(
    {
        "authorizationCode": _object(
            {
                "authorizationUrl": _url(),
                "tokenUrl": _url(),
                "refreshUrl": _url(),
                "scopes": SCOPES,
                "pkceRequired": FLAG,
            },
            ("authorizationUrl", "tokenUrl"),
        ),
        "clientCredentials": _object(
            {"tokenUrl": _url(), "refreshUrl": _url(), "scopes": SCOPES}, ("tokenUrl",)
        ),
        "deviceCode": _object(
            {
                "deviceAuthorizationUrl": _url(),
                "tokenUrl": _url(),
                "refreshUrl": _url(),
                "scopes": SCOPES,
            },
            ("deviceAuthorizationUrl", "tokenUrl"),
        ),
        "implicit": _object({"authorizationUrl": _url(), "refreshUrl": _url(), "scopes": SCOPES}),
        "password": _object({"tokenUrl": _url(), "refreshUrl": _url(), "scopes": SCOPES}),
    }
)
SCHEME: Final = _object(
    {
        "apiKeySecurityScheme": _object(
            {
                "description": TEXT,
                "location": {"enum": ["header", "query", "cookie"]},
                "name": FILLED,
            },
            ("location", "name"),
        ),
        "httpAuthSecurityScheme": _object(
            {"description": TEXT, "scheme": FILLED, "bearerFormat": TEXT}, ("scheme",)
        ),
        "oauth2SecurityScheme": _object(
            {"description": TEXT, "flows": FLOWS, "oauth2MetadataUrl": _url()}, ("flows",)
        ),
        "openIdConnectSecurityScheme": _object(
            {"description": TEXT, "openIdConnectUrl": _url()}, ("openIdConnectUrl",)
        ),
        "mtlsSecurityScheme": _object({"description": TEXT}),
    },
    minProperties=1,
)
SKILL: Final = _object(
    {
        "id": FILLED,
        "name": FILLED,
        "description": FILLED,
        "tags": _list(FILLED, minItems=1),
        "examples": TEXTS,
        "inputModes": TEXTS,
        "outputModes": TEXTS,
        "securityRequirements": _list(REQUIREMENT),
    },
    ("id", "name", "description", "tags"),
)
EXTENSION: Final = _object(
    {
        "uri": _url(ANY_URI),
        "description": TEXT,
        "required": FLAG,
        "params": {"type": "object"},
    },
    ("uri",),
)
CAPABILITIES: Final = _object(
    {
        "streaming": FLAG,
        "pushNotifications": FLAG,
        "extendedAgentCard": FLAG,
        "extensions": _list(EXTENSION),
    }
)
PROVIDER: Final = _object({"url": _url(), "organization": FILLED}, ("url", "organization"))
SKILLS: Final = _list(SKILL, minItems=1)
# What an agent may say to authenticated callers only, over what it says to all.
EXTENDED: Final = _object(
    {
        "description": FILLED,
        "provider": PROVIDER,
        "documentationUrl": _url(),
        "iconUrl": _url(ICON_URL),
        "defaultInputModes": MODES,
        "defaultOutputModes": MODES,
        "skills": SKILLS,
    }
)
_SAID: Final[Schema] = {
    "name": FILLED,
    "description": FILLED,
    "version": FILLED,
    "provider": PROVIDER,
    "documentationUrl": _url(),
    "iconUrl": _url(ICON_URL),
    "capabilities": CAPABILITIES,
    "defaultInputModes": MODES,
    "defaultOutputModes": MODES,
    "skills": SKILLS,
}
_SAID_ALWAYS: Final = ("name", "description", "version", "capabilities")
_SAID_ALWAYS_LISTS: Final = ("defaultInputModes", "defaultOutputModes", "skills")
# What AgentX keeps of an agent's word, without addresses and ways to authenticate.
STATEMENT: Final = _object({**_SAID, "extended": EXTENDED}, (*_SAID_ALWAYS, *_SAID_ALWAYS_LISTS))
CARD: Final = _object(
    {
        **_SAID,
        "supportedInterfaces": _list(
            _object(
                {
                    "url": FILLED,
                    "protocolBinding": FILLED,
                    "protocolVersion": FILLED,
                    "tenant": TEXT,
                },
                ("url", "protocolBinding", "protocolVersion"),
            ),
            minItems=1,
        ),
        "securitySchemes": _map(SCHEME),
        "securityRequirements": _list(REQUIREMENT),
        "signatures": _list(
            _object(
                {"protected": FILLED, "signature": FILLED, "header": {"type": "object"}},
                ("protected", "signature"),
            )
        ),
    },
    (*_SAID_ALWAYS, "supportedInterfaces", *_SAID_ALWAYS_LISTS),
)
