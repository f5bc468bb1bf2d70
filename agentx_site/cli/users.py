"""`agentx user …` and `agentx role …`."""

import sys

import click

from agentx_site.cli import output
from agentx_site.cli.options import group, json_option
from agentx_site.cli.server import at
from agentx_site.cli.target import server

user = group("user", "People who may log in to the console.")
role = group("role", "Named sets of permissions.")
COLUMNS = ("username", "email", "roles", "is_active", "last_login")


@user.command("list")
@json_option
@click.pass_context
def list_users(context: click.Context, json_wanted: bool) -> None:
    """Everybody."""
    rows = server(context).rows("/api/v1/users")
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty="No users.")


@user.command("create")
@click.argument("username")
@click.option("--role", "role_name", default="viewer", show_default=True)
@click.option("--email", default="")
@click.password_option(help="Asked for when not given; `-` reads one line of stdin.")
@json_option
@click.pass_context
def create(
    context: click.Context,
    username: str,
    role_name: str,
    email: str,
    password: str,
    json_wanted: bool,
) -> None:
    """Let somebody in, with one role."""
    body = {"username": username, "password": _typed(password), "role": role_name}
    made = server(context).post("/api/v1/users", body | ({"email": email} if email else {}))
    if json_wanted:
        output.as_json(made)
    else:
        click.echo(f"{username} may log in as {role_name}")


def _typed(password: str) -> str:
    return sys.stdin.readline().rstrip("\n") if password == "-" else password  # noqa: S105 - a sign, no password


@user.command("disable")
@click.argument("username")
@json_option
@click.pass_context
def disable(context: click.Context, username: str, json_wanted: bool) -> None:
    """Lock somebody out, and their keys."""
    told = server(context).post(at("users", username, "disable"))
    output.done(told, f"{username} is locked out", json_wanted=json_wanted)


@user.command("enable")
@click.argument("username")
@json_option
@click.pass_context
def enable(context: click.Context, username: str, json_wanted: bool) -> None:
    """Let somebody in again."""
    told = server(context).post(at("users", username, "enable"))
    output.done(told, f"{username} may log in again", json_wanted=json_wanted)


@role.command("list")
@json_option
@click.pass_context
def list_roles(context: click.Context, json_wanted: bool) -> None:
    """Every role and what it may."""
    rows = server(context).rows("/api/v1/roles")
    if json_wanted:
        output.as_json(rows)
    else:
        output.facts((row["name"], row["permissions"]) for row in rows)
