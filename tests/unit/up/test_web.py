"""How the web process listens."""

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from agentx_site.up.web import configuration


def test_nobodys_word_for_an_address_is_taken(monkeypatch):
    monkeypatch.delenv("AGENTX_TRUSTED_PROXIES", raising=False)
    assert not configuration().proxy_headers


def test_a_proxy_we_were_told_of_is_believed(monkeypatch):
    monkeypatch.setenv("AGENTX_TRUSTED_PROXIES", "10.0.0.1,10.1.0.0/16")
    config = configuration()
    trusted = ProxyHeadersMiddleware(config.app, config.forwarded_allow_ips).trusted_hosts
    assert config.proxy_headers
    assert "10.0.0.1" in trusted
    assert "10.1.2.3" in trusted
    assert "10.2.0.1" not in trusted
