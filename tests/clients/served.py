"""A whole AgentX that hosts the conformance agent, open to everybody: what clients and the conformance suite talk to."""

from typing import Any, Self

from tests.system import System, until


class Served(System):
    """Webhooks on this machine are allowed. `base` is the agent's URL, with its trailing slash."""

    profile = "full"
    settings = {"AGENTX_WEBHOOK_ALLOW": "127.0.0.1/32"}

    def __enter__(self) -> Self:
        super().__enter__()
        self.post("/api/v1/plugins/conformance/start")
        self.post("/api/v1/agents/conformance/open")
        until(lambda: self.pids("conformance") and self.answers(), within=30)
        return self

    @property
    def base(self) -> str:
        return f"{self.url}/a2a/conformance/"

    @property
    def grpc(self) -> str:
        return str(self.credentials["grpc"])

    def answers(self) -> bool:
        """Whether a stranger gets the card, and a message its answer."""
        status, _ = self.http("GET", "/a2a/conformance/.well-known/agent-card.json", key="")
        return status == 200 and bool(self.send("conformance", "tck-complete-task", "ready?"))

    def somebody(self) -> str:
        """A key of its own, which is a caller of its own."""
        return str(self.post("/api/v1/keys", {"name": "somebody", "role": "developer"})["key"])

    def wear(self, profile: str) -> None:
        """Choose the profile unless it is the one already."""
        if profile != self.profile:
            self.choose(profile)
            self.profile = profile

    def choose(self, profile: str) -> dict[str, Any]:
        """Configure the agent's profile, and return its card once it shows it."""
        wanted = {"full": (True, 0), "minimal": (False, 0), "required-extension": (True, 1)}[
            profile
        ]
        self.put("/api/v1/plugins/conformance/config", {"profile": profile})

        def shown() -> Any:
            told = self.card()["capabilities"]
            return (told["streaming"], len(told.get("extensions", ()))) == wanted and self.card()

        return dict(until(shown, within=30))

    def card(self) -> dict[str, Any]:
        return dict(self.http("GET", "/a2a/conformance/.well-known/agent-card.json", key="")[1])

    def post(self, path: str, body: Any = None) -> Any:
        return self._ask("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self._ask("PUT", path, body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        status, answer = self.http(method, path, {} if body is None else body)
        assert status < 300, (path, status, answer)
        return answer
