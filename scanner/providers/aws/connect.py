"""Opening an AWS account: credentials, the role, who we are, and where it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from botocore import exceptions as aws
from botocore.session import Session as BotoSession

from scanner.client.client import ProviderClient, ScanContext
from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.client.interfaces import Rules
from scanner.errors import TscanError
from scanner.model.answers import Answer, Call, Caller, State, Target
from scanner.model.config import TargetConfig
from scanner.providers.aws.clients import Clients
from scanner.providers.aws.credentials import Identity, NoAccount, RoleCredentials
from scanner.providers.aws.errors import FAILURES, classify
from scanner.providers.aws.loader import ReviewedLoader
from scanner.providers.aws.paging import Pagers
from scanner.providers.aws.session import AwsSession
from scanner.providers.aws.transport import AwsTransport, Operations

CALLER: Final = "sts:GetCallerIdentity"
ORGANIZATION: Final = Call(
    operation="organizations:DescribeOrganization",
    region="",
    absent_on=("AWSOrganizationsNotInUseException",),
)
NOT_IN_USE: Final = "AWSOrganizationsNotInUseException"
_REGIONS_SHOWN: Final = 8
_REACH: Final = "check the network, proxy, region and AWS_ENDPOINT_URL"
_UNREACHABLE: Final = frozenset(
    {
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ProxyConnectionError",
        "ConnectionClosedError",
    }
    | {"ReadTimeoutError", "HTTPClientError", "SSLError", "Deadline"}
)
_ACCEPTED_NOWHERE: Final = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "AuthFailure",
        "403",
    }
    | {"InvalidAccessKeyId", "IncompleteSignature"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAccess:
    """What the clients of all accounts of a configured target share."""

    boto: BotoSession
    home: str
    """The region that the configuration names for calls without one."""
    operations: Operations
    pagers: Pagers
    context: ScanContext
    config: TargetConfig

    def client(self, identity: Identity) -> ProviderClient:
        """A client that signs with an account's credentials."""
        return ProviderClient(AwsTransport(self.operations, self.pagers, identity), self.context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The configured account, connected, and the access by which others are."""

    access: AwsAccess
    identity: Identity
    session: AwsSession


def connect_front(config: TargetConfig, rules: Rules, clock: Clock | None = None) -> Connection:
    """An account that answers; TscanError if it does not."""
    clock = clock or Clock()
    boto, home, partition, found = _session(config)
    access = AwsAccess(
        boto=boto,
        home=home,
        operations=Clients(boto, partition),
        pagers=Pagers(boto.get_component("data_loader")),
        context=ScanContext.begin(rules, clock),
        config=config,
    )
    identity = Identity(found, clock)
    if config.role_arn:
        identity = _assume(access, identity)
    session = connect_account(access, access.client(identity))
    if isinstance(session, Answer):
        raise _no_caller(session, access)
    if config.organization is not None or rules.organization:
        leader = session.request(ORGANIZATION)
        answers = {**session.answers, leader.call.key: leader}
        session = replace(
            session, answers=answers, management_open=_led_elsewhere(leader, session.target.account)
        )
    return Connection(access=access, identity=identity, session=session)


def connect_account(
    access: AwsAccess, client: ProviderClient, *, member: bool = False
) -> AwsSession | Answer:
    """An account that answers, or the answer of one that does not say who we are.

    TscanError for a chosen region that does not exist; not in a member, after the leading account was asked.
    """
    caller = client.request(Call(operation=CALLER, region=access.home))
    if caller.state is not State.OK:
        return caller
    account, arn = str(caller.data.get("Account", "")), str(caller.data.get("Arn", ""))
    if not account or arn.count(":") < 5:
        return replace(caller, state=State.ERROR, code="NoIdentity")
    partition = arn.split(":")[1]
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
    regions, excluded, open_reason = _regions(access, enabled, member=member)
    return AwsSession(
        target=Target(f"aws:{account}"),
        name=str((alias.data or {}).get("AccountAliases", [""])[0]) if alias.count else "",
        partition=partition,
        callers=(Caller(id=arn, account=account),),
        answers={answer.call.key: answer for answer in (caller, alias, enabled)},
        regions=regions,
        regions_excluded=excluded,
        regions_open=open_reason,
        client=client,
    )


def _session(config: TargetConfig) -> tuple[BotoSession, str, str, Any]:
    """A botocore session that signs for whoever is asked, its own region, that one's partition, and our credentials."""
    boto = BotoSession(profile=config.profile or None)
    # Outside of EC2 nobody answers at the metadata address: without credentials, a long wait says nothing more.
    boto.set_config_variable("metadata_service_timeout", 1)
    boto.set_config_variable("metadata_service_num_attempts", 1)
    home = "?"
    try:
        home = boto.get_config_variable("region") or (
            config.regions[0] if config.regions else "us-east-1"
        )
        boto.register_component(
            "data_loader", ReviewedLoader(boto.get_config_variable("data_path"))
        )
        partition = boto.get_partition_for_region(home)
        found = boto.get_credentials()
    except aws.ProfileNotFound as error:
        name = config.profile or str(error.kwargs["profile"])
        raise TscanError(f"AWS profile '{name}' does not exist", _near(boto, name)) from error
    except aws.UnknownRegionError:
        raise _unknown_region(home, _known_regions(boto, "aws"), asked=False) from None
    except aws.BotoCoreError as error:
        raise TscanError(
            f"AWS credentials cannot be read: {_line(error)}", "check the AWS configuration files"
        ) from error
    if found is None and config.profile:
        # Of a profile that is named, botocore asks nothing but the profile, whatever else the environment holds.
        name = config.profile
        raise TscanError(
            f"AWS profile '{name}' has no credentials",
            f"complete it: aws configure --profile {name}",
        )
    if found is None:
        raise TscanError(
            "no AWS credentials were found",
            "set AWS_PROFILE (or --profile), or run `tscan demo`, which needs none",
        )
    # botocore has no public way to hand a session credentials that change; its own docs use this member.
    boto._credentials = NoAccount()
    return boto, home, str(partition), found


def assumed(access: AwsAccess, source: Identity, role: str, external_id: str) -> Identity:
    """The identity of a role, whose credentials are made on first use and anew before they expire."""
    arguments = {"RoleArn": role, "RoleSessionName": "tscan"} | (
        {"ExternalId": external_id} if external_id else {}
    )

    def assume() -> Mapping[str, Any]:
        operation = access.operations.operation("sts", access.home, "AssumeRole")
        return operation.send(arguments, source)

    clock = access.context.clock
    return Identity(RoleCredentials(assume, clock), clock)


def _assume(access: AwsAccess, source: Identity) -> Identity:
    """The configured role; TscanError where it cannot be assumed."""
    config = access.config
    identity = assumed(access, source, config.role_arn, config.external_id)
    try:
        identity.credentials.get_frozen_credentials()
    except FAILURES as error:
        failure = classify("sts", error)
        if failure.code in _UNREACHABLE:
            raise TscanError(f"AWS cannot be reached: {failure.message}", _REACH) from error
        raise TscanError(
            f"role {config.role_arn} cannot be assumed ({failure.code})",
            "check its trust policy, the external id, and your own right to sts:AssumeRole",
        ) from error
    return identity


def _no_caller(answer: Answer, access: AwsAccess) -> TscanError:
    """Why nobody can be read, in one line."""
    failure = Failure(state=answer.state, code=answer.code, message=answer.message)
    if failure.code.startswith(("ExpiredToken", "RequestExpired", "TokenRefreshRequired")):
        return TscanError(
            f"the AWS credentials have expired ({failure.code})", "log in again, then repeat"
        )
    if failure.code in _UNREACHABLE:
        endpoint = access.operations.endpoint("sts", access.home)
        return TscanError(f"AWS cannot be reached at {endpoint} ({failure.code})", _REACH)
    if failure.code in _ACCEPTED_NOWHERE:
        return TscanError(
            f"AWS does not accept the credentials ({failure.code})",
            "check the access key and its secret",
        )
    said = f"{failure.code} {failure.message}".rstrip()
    return TscanError(
        f"AWS did not say who we are: {said}", "check the credentials and the endpoint"
    )


def _led_elsewhere(answer: Answer, account: str) -> str:
    """Why the organisation is not read from this account; empty: it leads it, or there is none."""
    if answer.code == NOT_IN_USE:
        return ""
    if answer.state is not State.OK:
        return f"whether this account leads the organisation is not known: {answer.reason}"
    leader = str(answer.data.get("Organization", {}).get("MasterAccountId", "?"))
    return (
        ""
        if leader == account
        else f"the organisation is read from its management account {leader}"
    )


def _regions(
    access: AwsAccess, answer: Answer, *, member: bool
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """The regions in scope, the enabled ones that are left out, and why the list is not whole."""
    config, whole = access.config, answer.state is State.OK
    enabled = sorted(str(row["RegionName"]) for row in (answer.data or {}).get("Regions", []))
    if not config.regions:
        return (
            (tuple(enabled), (), "")
            if whole
            else (tuple(enabled or [access.home]), (), answer.reason)
        )
    # In an organisation, a region may be enabled in some accounts only: where it is not, there is nothing.
    strict = whole and config.organization is None
    known = (
        enabled
        if strict
        else _known_regions(access.boto, str(access.boto.get_partition_for_region(access.home)))
    )
    chosen = tuple(sorted(dict.fromkeys(config.regions)))
    for region in chosen:
        if region not in known and region not in enabled and not member:
            raise _unknown_region(region, known, asked=strict)
    here = tuple(region for region in chosen if region in enabled) if whole else chosen
    left = tuple(region for region in enabled if region not in chosen)
    return here, left, "" if here else "none of the chosen regions is enabled in this account"


def _known_regions(boto: BotoSession, partition: str) -> list[str]:
    return sorted(boto.get_available_regions("ec2", partition_name=partition))


def _unknown_region(region: str, known: list[str], *, asked: bool) -> TscanError:
    """`asked`: the account itself named the regions that are known; else they are those of the SDK."""
    close = get_close_matches(region, known, n=1)
    shown = ", ".join(known[:_REGIONS_SHOWN]) + (
        f" and {len(known) - _REGIONS_SHOWN} more" * (len(known) > _REGIONS_SHOWN)
    )
    hint = f"did you mean '{close[0]}'?" if close else f"{'enabled' if asked else 'known'}: {shown}"
    return TscanError(
        f"region '{region}' does not exist" + " or is not enabled in this account" * asked, hint
    )


def _near(boto: BotoSession, profile: str) -> str:
    names = [str(name) for name in boto.full_config.get("profiles", {})]
    close = get_close_matches(profile, names, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(sorted(names))}" if names else "no profile is configured"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
