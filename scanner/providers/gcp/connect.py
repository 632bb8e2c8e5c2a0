"""Opening Google Cloud: one project, or an organisation with the folders and projects below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.client.interfaces import Connected, Connector, Rules
from scanner.client.rest.connect import (
    Cloud,
    account,
    asked,
    callers,
    known,
    needed,
    signed_in,
    tools,
    unlisted,
)
from scanner.client.rest.rest_client import RestClient, Tools
from scanner.client.rest.session import RestSession
from scanner.errors import TscanError
from scanner.model.answers import Account, AccountState, Answer, Call, Target
from scanner.model.config import TargetConfig
from scanner.providers.gcp.credentials import GcpCredentials
from scanner.providers.gcp.profile import GcpProfile

GCP: Final = Cloud(
    name="Google Cloud",
    extra="gcp",
    modules=("aiohttp", "google.auth"),
    log_in="run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
)
ALONE: Final = (
    "what belongs to the organisation is not read from a project: name the organisation as a target"
)
_ACTIVE: Final = ("ACTIVE", "")


def open_gcp(config: TargetConfig, rules: Rules) -> Sequence[Connector]:
    """A project, or an organisation; TscanError where nobody answers."""
    needed(GCP)
    shared = tools(
        config,
        rules,
        GcpProfile(),
        lambda net: GcpCredentials(net, config.settings.get("impersonate", "")),
    )
    signed_in(shared, GCP)
    organization = organization_of(config)
    return (
        _organization(shared, config, organization)
        if organization
        else (Connected(_project(shared, config)),)
    )


def organization_of(config: TargetConfig) -> str:
    """The number of the organisation that is meant; empty: a project is."""
    identity = config.settings.get("id", "")
    return config.settings.get("organization", "") or (identity if identity.isdecimal() else "")


def _project(shared: Tools, config: TargetConfig) -> RestSession:
    name = config.settings.get("project", "") or config.settings["id"]
    call = Call(operation="cloudresourcemanager:projects.get", region="", params={"project": name})
    answer = RestClient(shared, frozenset()).ask(call)
    data = known(answer, f"project {name}", GCP, "check its id, and that the account may see it")
    identity = str(data.get("projectId", ""))
    if identity != name:
        raise TscanError(
            f"Google Cloud calls project {name} '{identity}'", "name a project by its id"
        )
    return _session(shared, data, management_open=ALONE, answers=(answer,))


def _session(
    shared: Tools,
    row: dict[str, Any] | Any,
    *,
    management_open: str,
    answers: Sequence[Answer] = (),
) -> RestSession:
    """A project that a listing or a look tells of."""
    identity = str(row["projectId"])
    number = str(row.get("name", "")).removeprefix("projects/")
    return RestSession(
        target=Target(f"gcp:{identity}"),
        name=str(row.get("displayName", "")),
        callers=callers(shared),
        door=RestClient(shared, frozenset({identity, number} - {""})),
        answers={answer.call.key: answer for answer in answers},
        management_open=management_open,
    )


@dataclass(slots=True)
class _Tree:
    """What was listed below an organisation."""

    projects: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    lacking: list[Answer] = field(default_factory=list)
    """Listings that are not whole, or not of the form that was expected."""


def _organization(shared: Tools, config: TargetConfig, number: str) -> Sequence[Connector]:
    door = RestClient(shared, frozenset())
    call = Call(
        operation="cloudresourcemanager:organizations.get",
        region="",
        params={"organization": number},
    )
    about = door.ask(call)
    data = known(
        about, f"organisation {number}", GCP, "check its number, and that the account may see it"
    )
    tree = _walk(door, f"organizations/{number}")
    accounts = tuple(_accounts(tree, config))
    listed = {answer.call.key: answer for answer in (about, *tree.answers)}
    leader = RestSession(
        target=Target(f"gcp:{number}"),
        name=str(data.get("displayName", "")),
        callers=callers(shared),
        door=door,
        answers=listed,
        accounts=accounts,
        organization_only=True,
    )
    elsewhere = f"the organisation is read from target gcp:{number}"
    members = [
        Connected(_session(shared, tree.projects[one.id], management_open=elsewhere))
        for one in accounts
        if one.state is AccountState.IN_SCOPE and one.id in tree.projects
    ]
    gap = (
        (unlisted("gcp", tree.lacking, callers(shared), "projects of the organisation"),)
        if tree.lacking
        else ()
    )
    return (Connected(leader), *members, *gap)


def _walk(door: RestClient, top: str) -> _Tree:
    """Every folder and project below an organisation, level by level."""
    tree, seen, level = _Tree(), {top}, [top]
    while level:
        folders = asked(door, [_listing("folders", parent) for parent in level])
        projects = asked(door, [_listing("projects", parent) for parent in level])
        for answer in (*folders, *projects):
            tree.answers.append(answer)
            if not answer.state.whole:
                tree.lacking.append(answer)
        for answer in projects:
            tree.projects.update(
                {row["projectId"]: row for row in _rows(tree, answer, "projects", "projectId")}
            )
        below = [
            str(row["name"]) for answer in folders for row in _rows(tree, answer, "folders", "name")
        ]
        level = [name for name in dict.fromkeys(below) if name not in seen]
        seen.update(level)
    return tree


def _listing(noun: str, parent: str) -> Call:
    return Call(
        operation=f"cloudresourcemanager:{noun}.list",
        region="",
        params={"parent": parent},
        items=(noun,),
    )


def _rows(tree: _Tree, answer: Answer, noun: str, key: str) -> Iterator[dict[str, Any]]:
    """The rows of a listing; one without its name is something that nobody can ask about."""
    for row in (answer.data or {}).get(noun, []):
        if isinstance(row, dict) and isinstance(row.get(key), str) and row[key]:
            yield row
        elif answer not in tree.lacking:
            tree.lacking.append(answer)


def _accounts(tree: _Tree, config: TargetConfig) -> Iterator[Account]:
    for identity, row in sorted(tree.projects.items()):
        state = str(row.get("state", ""))
        name = str(row.get("displayName", ""))
        yield account(identity, name, "" if state in _ACTIVE else state, config.exclude)
    if tree.lacking:
        yield Account(
            id="organization", name="projects that were not listed", state=AccountState.IN_SCOPE
        )
