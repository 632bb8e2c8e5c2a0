"""Connects to AWS accounts: finds credentials, assumes roles, and learns ids and regions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import boto3
import botocore
from botocore import exceptions as aws
from botocore.loaders import Loader
from botocore.session import Session as BotocoreSession

from scanner.client.client import ProviderClient, ScanContext
from scanner.client.clock import Clock
from scanner.client.interfaces import Rules
from scanner.client.redaction import text_redactor
from scanner.errors import NotConnectedError, TscanError
from scanner.model.answers import Answer, Call, Caller, State, Target
from scanner.model.config import TargetConfig
from scanner.providers.aws.boto3_client import Boto3Operations
from scanner.providers.aws.boto_sessions import InsecureEndpointError, SessionFactory
from scanner.providers.aws.botocore_probe import missing_members
from scanner.providers.aws.credentials import Identity, RoleCredentials
from scanner.providers.aws.errors import FAILURES, classify
from scanner.providers.aws.loader import ReviewedLoader
from scanner.providers.aws.paging import Pagers
from scanner.providers.aws.partitions import global_region
from scanner.providers.aws.session import AwsSession
from scanner.providers.aws.transport import AwsTransport, Operations
from scanner.words import did_you_mean

CALLER: Final = "sts:GetCallerIdentity"
ORGANIZATION: Final = Call(
    operation="organizations:DescribeOrganization",
    region="",
    absent_on=("AWSOrganizationsNotInUseException",),
)
NOT_IN_USE: Final = "AWSOrganizationsNotInUseException"
ALLOWED: Final = "allowed"
"""Of the setting `insecure_endpoint`, which `--insecure-endpoint` makes."""
BOTO3: Final = "boto3"
"""The client that a target's setting `client` names; the other is `fast`."""
_LOG: Final = logging.getLogger(__name__)
_REACH: Final = "check the network, proxy, region and AWS_ENDPOINT_URL"
_UNREACHABLE: Final = frozenset(
    {
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "Deadline",
        "EndpointConnectionError",
        "HTTPClientError",
        "ProxyConnectionError",
        "ReadTimeoutError",
        "SSLError",
    }
)
_ACCEPTED_NOWHERE: Final = frozenset(
    {
        "403",
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAccess:
    """What the clients of all accounts of a configured target share."""

    session: boto3.Session
    home: str
    """The region that the configuration names for calls without one."""
    operations: Operations
    pagers: Pagers
    context: ScanContext
    config: TargetConfig

    def client(self, identity: Identity) -> ProviderClient:
        """A client that signs with an account's credentials."""
        return ProviderClient(
            AwsTransport(self.operations, self.pagers, identity, self.context.clock), self.context
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The configured account, connected, and the access by which others are."""

    access: AwsAccess
    identity: Identity
    session: AwsSession


def connect_target(
    config: TargetConfig,
    rules: Rules,
    clock: Clock | None = None,
) -> Connection:
    """The configured account; TscanError in one line where it cannot be connected."""
    clock = clock or Clock()
    found = _find_credentials(config)
    access = AwsAccess(
        session=found.session,
        home=found.home,
        operations=_operations(config, found),
        pagers=Pagers(found.loader),
        context=ScanContext.begin(rules, clock),
        config=config,
    )
    identity = Identity(found.credentials, clock)
    if config.role_arn:
        identity = _assume_configured(access, identity)
    session = connect_account(access, access.client(identity))
    if isinstance(session, Answer):
        raise _no_caller(session, access)
    if config.organization is not None or rules.organization:
        leader = session.request(ORGANIZATION)
        session = replace(
            session,
            answers={**session.answers, leader.call.key: leader},
            management_open=_led_elsewhere(leader, session.target.account),
        )
    return Connection(access=access, identity=identity, session=session)


def connect_account(
    access: AwsAccess,
    client: ProviderClient,
    *,
    member: bool = False,
) -> AwsSession | Answer:
    """An account; or the answer by which AWS did not name it.

    TscanError for a chosen region that does not exist; not for a member of an organization, because
    the account that leads it was checked before.
    """
    caller = client.request(Call(operation=CALLER, region=access.home))
    if caller.state is not State.OK:
        return caller
    account = str(caller.data.get("Account", ""))
    arn = str(caller.data.get("Arn", ""))
    # A response without an identity, as of a portal, must not become a target without a name.
    if not account or arn.count(":") < 5:
        return replace(caller, state=State.ERROR, code="NoIdentity")
    partition = arn.split(":")[1]
    # One that botocore does not know is refused here, before any other request is signed.
    global_region(partition)
    # Known only now: the home region's partition was a guess where the endpoint is the user's own.
    access.operations.partition = partition
    alias = client.request(
        Call(operation="iam:ListAccountAliases", region="", items=("AccountAliases",))
    )
    enabled = client.request(
        Call(
            operation="ec2:DescribeRegions",
            region=access.home,
            params={"AllRegions": False},
            items=("Regions",),
        )
    )
    name = ""
    if alias.count and alias.data is not None:
        name = str(alias.data["AccountAliases"][0])
    scope = _regions_in_scope(access, enabled, member=member)
    return AwsSession(
        target=Target(f"aws:{account}"),
        name=name,
        partition=partition,
        callers=(Caller(id=arn, account=account),),
        answers={answer.call.key: answer for answer in (caller, alias, enabled)},
        regions=scope.regions,
        regions_excluded=scope.excluded,
        regions_open=scope.open,
        client=client,
    )


def role_identity(
    access: AwsAccess,
    source: Identity,
    role: str,
    external_id: str,
) -> Identity:
    """The identity of a role, whose credentials are requested on first use and renewed before they
    expire.
    """
    arguments = {"RoleArn": role, "RoleSessionName": "tscan"}
    if external_id:
        arguments["ExternalId"] = external_id

    # Not by the provider client: its answer would hold credentials, and answers are evidence that
    # is kept.
    def assume() -> Mapping[str, Any]:
        operation = access.operations.operation("sts", access.home, "AssumeRole")
        return operation.send(arguments, source)

    clock = access.context.clock
    return Identity(RoleCredentials(assume, clock), clock)


# -- credentials ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the AWS configuration and the environment hold."""

    session: boto3.Session
    sessions: SessionFactory
    """Of sessions with the same configuration and other credentials."""
    loader: Loader
    home: str
    partition: str
    credentials: Any


def _find_credentials(config: TargetConfig) -> _Found:
    """Credentials, and the home region with its partition; TscanError where there are none."""
    insecure = config.settings.get("insecure_endpoint") == ALLOWED
    sessions = SessionFactory(profile=config.profile, insecure=insecure)
    home = "?"
    try:
        loader = ReviewedLoader(sessions.botocore().get_config_variable("data_path"))
        sessions = replace(sessions, loader=loader)
        session = sessions.boto3()
        home = session.region_name or next(iter(config.regions), "us-east-1")
        partition = str(session.get_partition_for_region(home))
        credentials = session.get_credentials()
    except aws.ProfileNotFound as error:
        name = config.profile or str(error.kwargs["profile"])
        raise TscanError(f"AWS profile '{name}' does not exist", _profile_hint(name)) from error
    except aws.UnknownRegionError:
        raise _unknown_region(home, _known_regions(session, "aws"), asked=False) from None
    except aws.BotoCoreError as error:
        message = " ".join(str(error).split())
        raise NotConnectedError(
            f"AWS credentials cannot be read: {message}", "check the AWS configuration files"
        ) from error
    if credentials is None:
        raise _no_credentials(config.profile)
    return _Found(
        session=session,
        sessions=sessions,
        loader=loader,
        home=home,
        partition=partition,
        credentials=credentials,
    )


def _no_credentials(profile: str) -> TscanError:
    if profile:
        # With a named profile, botocore looks nowhere else, whatever the environment holds.
        return NotConnectedError(
            f"AWS profile '{profile}' has no credentials",
            f"complete it: aws configure --profile {profile}",
        )
    return NotConnectedError(
        "no AWS credentials were found",
        "set AWS_PROFILE (or --profile), or run `tscan demo`, which needs none",
    )


def _profile_hint(profile: str) -> str:
    # Without a profile: a session of one that does not exist cannot list the others.
    names = [str(name) for name in BotocoreSession(profile="default").available_profiles]
    return did_you_mean(profile, names) or "no profile is configured: run `aws configure`"


def _operations(config: TargetConfig, found: _Found) -> Operations:
    """The fast client; or boto3's, where it is chosen or botocore is not known."""
    if config.settings.get("client") == BOTO3:
        return Boto3Operations(found.sessions, found.partition)
    try:
        from scanner.providers.aws.fast_client import FastOperations
    except ImportError as error:
        missing = [str(error.name)]
    else:
        fast = FastOperations(found.sessions, found.partition)
        try:
            missing = missing_members(fast.client("sts", found.home))
        except FAILURES:
            # No client can be made at all (an endpoint that is no address): the first call reports
            # why.
            return fast
        if not missing:
            return fast
    _LOG.warning(
        "botocore %s is not known to the fast client (no %s): using the plain boto3 client",
        botocore.__version__,
        ", ".join(missing),
    )
    return Boto3Operations(found.sessions, found.partition)


def _assume_configured(access: AwsAccess, source: Identity) -> Identity:
    """The configured role; TscanError where it cannot be assumed."""
    config = access.config
    identity = role_identity(access, source, config.role_arn, config.external_id)
    try:
        identity.key()
    except FAILURES as error:
        failure = classify("sts", error)
        if failure.code in _UNREACHABLE:
            message = text_redactor().text(failure.message)
            raise NotConnectedError(f"AWS cannot be reached: {message}", _REACH) from error
        raise NotConnectedError(
            f"role {config.role_arn} cannot be assumed ({text_redactor().code(failure.code)})",
            "check its trust policy, the external id, and your own right to sts:AssumeRole",
        ) from error
    return identity


def _no_caller(answer: Answer, access: AwsAccess) -> NotConnectedError:
    """Why the account cannot be read, in one line."""
    if answer.code.startswith(("ExpiredToken", "RequestExpired", "TokenRefreshRequired")):
        return NotConnectedError(
            f"the AWS credentials have expired ({answer.code})", "log in again, then repeat"
        )
    if answer.code in _UNREACHABLE:
        endpoint = access.operations.endpoint("sts", access.home)
        return NotConnectedError(f"AWS cannot be reached at {endpoint} ({answer.code})", _REACH)
    if answer.code == InsecureEndpointError.__name__:
        return NotConnectedError(answer.message, "use https, or --insecure-endpoint if you must")
    if answer.code in _ACCEPTED_NOWHERE:
        return NotConnectedError(
            f"AWS rejected the credentials ({answer.code})",
            "check the access key and its secret",
        )
    detail = f"{answer.code} {answer.message}".rstrip()
    return NotConnectedError(
        f"sts:GetCallerIdentity failed: {detail}", "check the credentials and the endpoint"
    )


def _led_elsewhere(answer: Answer, account: str) -> str:
    """Why the organization is not read from this account; empty: it leads it, or there is none."""
    if answer.code == NOT_IN_USE:
        return ""
    if answer.state is not State.OK:
        return f"whether this is the management account is not known: {answer.reason}"
    leader = str(answer.data.get("Organization", {}).get("MasterAccountId", "?"))
    if leader == account:
        return ""
    return f"the organization is read from its management account {leader}"


# -- regions ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _RegionScope:
    """Where an account is read."""

    regions: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    """Enabled regions that were not chosen."""
    open: str = ""
    """Why the list of regions may not be complete; empty: it is."""


def _regions_in_scope(
    access: AwsAccess,
    answer: Answer,
    *,
    member: bool,
) -> _RegionScope:
    """The regions to read, by the answer of DescribeRegions."""
    complete = answer.state is State.OK
    rows: list[Any] = (answer.data or {}).get("Regions", [])
    enabled = sorted(str(row["RegionName"]) for row in rows)
    if access.config.regions:
        chosen = tuple(sorted(set(access.config.regions)))
        if not member:
            _check_chosen(access, chosen, enabled, complete=complete)
        return _chosen_regions(chosen, enabled, complete=complete)
    if complete:
        return _RegionScope(regions=tuple(enabled))
    # The home region at least is read; that there may be others stays a gap.
    return _RegionScope(regions=tuple(enabled or [access.home]), open=answer.reason)


def _chosen_regions(
    chosen: Sequence[str], enabled: Sequence[str], *, complete: bool
) -> _RegionScope:
    regions = tuple(chosen)
    if complete:
        regions = tuple(region for region in chosen if region in enabled)
    # No region at all would be no finding at all, and that reads as if nothing were wrong.
    why = "" if regions else "none of the chosen regions is enabled in this account"
    excluded = tuple(region for region in enabled if region not in chosen)
    return _RegionScope(regions=regions, excluded=excluded, open=why)


def _check_chosen(
    access: AwsAccess,
    chosen: Sequence[str],
    enabled: Sequence[str],
    *,
    complete: bool,
) -> None:
    """TscanError for a chosen region that does not exist."""
    # In an organization, a region may be enabled in some accounts only: where it is not, there is
    # nothing to read.
    strict = complete and access.config.organization is None
    if strict:
        known = list(enabled)
    else:
        partition = str(access.session.get_partition_for_region(access.home))
        known = _known_regions(access.session, partition)
    for region in chosen:
        if region not in known and region not in enabled:
            raise _unknown_region(region, known, asked=strict)


def _known_regions(session: boto3.Session, partition: str) -> list[str]:
    return sorted(session.get_available_regions("ec2", partition_name=partition))


def _unknown_region(
    region: str,
    known: Sequence[str],
    *,
    asked: bool,
) -> TscanError:
    """`asked`: the account itself listed the known regions; else they are those of the SDK."""
    message = f"region '{region}' does not exist"
    if asked:
        message += " or is not enabled in this account"
    return TscanError(message, did_you_mean(region, known))
