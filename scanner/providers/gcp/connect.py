"""Connects to one Google Cloud project, or to an organization with the folders and projects below
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.client.interfaces import Connected, Connector, Rules
from scanner.client.rest.connect import (
    CloudName,
    by_key,
    callers,
    listed_account,
    organization_connectors,
    request_all,
    require_modules,
    required_data,
    rest_context,
    sign_in,
    unlisted_account,
)
from scanner.client.rest.http_client import HttpClient
from scanner.client.rest.operations import operations
from scanner.client.rest.request import Endpoint
from scanner.client.rest.rest_client import RestClient, RestContext
from scanner.client.rest.session import RestSession
from scanner.errors import NotConnectedError
from scanner.model.answers import Account, Answer, Call, Target
from scanner.model.config import TargetConfig
from scanner.providers.gcp.credentials import GcpCredentials
from scanner.providers.gcp.profile import GcpProfile

GCP: Final = CloudName(
    name="Google Cloud",
    extra="gcp",
    modules=("urllib3", "google.auth", "google.cloud.resourcemanager_v3"),
    log_in="run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
)
PROJECT_ONLY: Final = (
    "a project does not show resources of the organization: add the organization as a target"
)
_RESOURCE_MANAGER: Final = "https://cloudresourcemanager.googleapis.com"
# A project without a state is kept: it may be read.
_OPEN_STATES: Final = ("ACTIVE", "")

Row = Mapping[str, Any]


def connect_gcp(config: TargetConfig, rules: Rules) -> Sequence[Connector]:
    """A project, or an organization and its projects; TscanError where it cannot be read."""
    require_modules(GCP)

    def credentials(http: HttpClient) -> GcpCredentials:
        return GcpCredentials(http, config.settings.get("impersonate", ""))

    context = rest_context(config, rules, GcpProfile(), operations("gcp"), credentials)
    sign_in(context, GCP)
    organization = organization_of(config)
    if organization:
        return _organization(context, config, organization)
    return (Connected(_project(context, config)),)


def organization_of(config: TargetConfig) -> str:
    """The number of the organization that a target names; empty where it names a project."""
    identity = config.settings.get("id", "")
    if not identity.isdecimal():
        identity = ""
    return config.settings.get("organization", "") or identity


def _discovery_client(context: RestContext) -> RestClient:
    """A client whose requests google-cloud-resource-manager sends; it is imported here."""
    from scanner.providers.gcp.resource_manager import ResourceManager

    endpoint = Endpoint(host=_RESOURCE_MANAGER, endpoint=context.endpoint)
    sender = ResourceManager(context.tokens, endpoint, context.scan.clock)
    return RestClient(context, frozenset(), sender)


def _project(context: RestContext, config: TargetConfig) -> RestSession:
    name = config.settings.get("project", "") or config.settings["id"]
    call = Call(
        operation="cloudresourcemanager:projects.get",
        region="",
        params={"project": name},
    )
    answer = _discovery_client(context).request(call)
    hint = "check its id, and that the account may see it"
    row = required_data(answer, f"project {name}", GCP, hint)
    identity = str(row.get("projectId", ""))
    # Google also finds a project by its number; evidence is filed under the id alone.
    if identity != name:
        raise NotConnectedError(
            f"Google Cloud calls project {name} '{identity}'", "name a project by its id"
        )
    return _session(context, row, management_open=PROJECT_ONLY, answers=(answer,))


def _session(
    context: RestContext,
    row: Row,
    *,
    management_open: str,
    answers: Sequence[Answer] = (),
) -> RestSession:
    """A project, by its row of a listing."""
    identity = str(row["projectId"])
    # Errors name a project by its id or by its number.
    number = str(row.get("name", "")).removeprefix("projects/")
    return RestSession(
        target=Target(f"gcp:{identity}"),
        name=str(row.get("displayName", "")),
        callers=callers(context),
        client=RestClient(context, frozenset({identity, number} - {""})),
        answers=by_key(answers),
        management_open=management_open,
    )


@dataclass(slots=True)
class _Tree:
    """The projects below an organization, and the answers that listed them."""

    projects: dict[str, Row] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    incomplete: list[Answer] = field(default_factory=list)
    """Listings that were not read to their end, or that have a row without its name."""

    def add(self, answer: Answer) -> None:
        """Keep the answer of a listing."""
        self.answers.append(answer)
        if not answer.state.whole:
            self.note_incomplete(answer)

    def note_incomplete(self, answer: Answer) -> None:
        """Keep an incomplete listing, once."""
        if answer not in self.incomplete:
            self.incomplete.append(answer)

    def rows(self, answer: Answer, noun: str, key: str) -> Iterator[Row]:
        """The rows of a listing; one without its name is a member that cannot be read."""
        if not isinstance(answer.data, Mapping):
            return
        for row in answer.data.get(noun, []):
            name = row.get(key) if isinstance(row, Mapping) else None
            if isinstance(name, str) and name:
                yield row
            else:
                self.note_incomplete(answer)


def _organization(context: RestContext, config: TargetConfig, number: str) -> Sequence[Connector]:
    discovery = _discovery_client(context)
    call = Call(
        operation="cloudresourcemanager:organizations.get",
        region="",
        params={"organization": number},
    )
    answer = discovery.request(call)
    hint = "check its number, and that the account may see it"
    row = required_data(answer, f"organization {number}", GCP, hint)
    tree = _list_tree(discovery, f"organizations/{number}")
    client = RestClient(context, frozenset())
    # The leader makes few calls of its own: how far the clocks differ is known from discovery.
    client.skew = discovery.skew
    leader = RestSession(
        target=Target(f"gcp:{number}"),
        name=str(row.get("displayName", "")),
        callers=callers(context),
        client=client,
        answers=by_key((answer, *tree.answers)),
        accounts=tuple(_accounts(tree, config)),
        organization_only=True,
    )

    def session_of(row: Row, _identity: str) -> RestSession:
        reason = f"the organization is read from target gcp:{number}"
        return _session(context, row, management_open=reason)

    return organization_connectors(
        leader, tree.projects, session_of, tree.incomplete, "projects of the organization"
    )


def _list_tree(client: RestClient, organization: str) -> _Tree:
    """Every folder and project below an organization, level by level."""
    tree = _Tree()
    seen = {organization}
    parents = [organization]
    while parents:
        folders = request_all(client, [_list_call("folders", parent) for parent in parents])
        projects = request_all(client, [_list_call("projects", parent) for parent in parents])
        for answer in (*folders, *projects):
            tree.add(answer)
        for answer in projects:
            for row in tree.rows(answer, "projects", "projectId"):
                tree.projects[row["projectId"]] = row
        below = _names_of_folders(tree, folders)
        # A folder that is listed again, below itself even, must not be walked twice.
        parents = [name for name in dict.fromkeys(below) if name not in seen]
        seen.update(parents)
    return tree


def _names_of_folders(tree: _Tree, listings: Sequence[Answer]) -> list[str]:
    names: list[str] = []
    for answer in listings:
        names.extend(row["name"] for row in tree.rows(answer, "folders", "name"))
    return names


def _list_call(noun: str, parent: str) -> Call:
    return Call(
        operation=f"cloudresourcemanager:{noun}.list",
        region="",
        params={"parent": parent},
        items=(noun,),
    )


def _accounts(tree: _Tree, config: TargetConfig) -> Iterator[Account]:
    for identity, row in sorted(tree.projects.items()):
        name = str(row.get("displayName", ""))
        state = str(row.get("state", ""))
        closed = "" if state in _OPEN_STATES else state
        yield listed_account(identity, name, closed, config.exclude)
    if tree.incomplete:
        yield unlisted_account("projects that were not listed")
