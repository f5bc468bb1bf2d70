"""`agentx model-stub`."""

import click

from agentx_site.cli.errors import Failed
from agentx_site.model_stub.serve import listening, serve, url_of


@click.command("model-stub")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Any free one, unless told.")
@click.option("--delay", type=click.FloatRange(0, 60), default=0.0, help="Seconds between words.")
def model_stub(host: str, port: int, delay: float) -> None:
    """Serve OpenAI's API with answers that are made up, for demos and tests. Ctrl-C ends it.

    Prints its base URL. It asks for no key and keeps the newest requests for anybody who reaches it.
    """
    try:
        listener = listening(host, port)
    except OSError as error:
        raise Failed(f"{host}:{port} cannot be listened on: {error.strerror}.") from None
    click.echo(url_of(listener))
    serve(listener, delay=delay)
