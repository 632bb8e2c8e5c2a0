"""Opening an AWS account: credentials, the role, who we are, and where it can be read."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Final

from botocore import exceptions as aws
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.session import Session as BotoSession

from scanner.errors import TscanError
from scanner.model.answers import Answer, Call, Caller, State, Target
from scanner.model.config import TargetConfig
from scanner.sources import Rules
from scanner.sources.aws.clients import Clients
from scanner.sources.aws.clock import Clock
from scanner.sources.aws.loader import ReviewedLoader
from scanner.sources.aws.outcomes import FAILURES, Failure, classify
from scanner.sources.aws.session import AwsSession, Door

CALLER: Final = "sts:GetCallerIdentity"
_REACH: Final = "check the network, proxy, region and AWS_ENDPOINT_URL"
_UNREACHABLE: Final = frozenset(
    {"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "ConnectionClosedError"}
    | {"ReadTimeoutError", "HTTPClientError", "SSLError", "Deadline"}
)
_ACCEPTED_NOWHERE: Final = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure", "403"}
    | {"InvalidAccessKeyId", "IncompleteSignature"}
)


def open_session(config: TargetConfig, rules: Rules, clock: Clock | None = None) -> AwsSession:
    """An account that answers; TscanError if it does not."""
    clock = clock or Clock()
    boto, home, partition = _session(config)
    door = Door(Clients(boto, partition), rules, clock)
    caller = door.ask(Call(operation=CALLER, region=home))
    if caller.state is not State.OK:
        raise _no_caller(caller, door, home)
    account, arn = str(caller.data["Account"]), str(caller.data["Arn"])
    door.clients.account = account
    door.clients.partition = arn.split(":")[1]
    alias = door.ask(Call(operation="iam:ListAccountAliases", region="", items=("AccountAliases",)))
    enabled = door.ask(
        Call(operation="ec2:DescribeRegions", region=home, params={"AllRegions": False}, items=("Regions",))
    )
    regions, excluded, open_reason = _regions(config, enabled, boto, home)
    return AwsSession(
        target=Target(f"aws:{account}"),
        name=str((alias.data or {}).get("AccountAliases", [""])[0]) if alias.count else "",
        partition=door.clients.partition,
        callers=(Caller(id=arn, account=account),),
        answers={answer.call.key: answer for answer in (caller, alias, enabled)},
        regions=regions,
        regions_excluded=excluded,
        regions_open=open_reason,
        door=door,
    )


def _session(config: TargetConfig) -> tuple[BotoSession, str, str]:
    """A botocore session that has credentials, its own region, and the partition of that."""
    boto = BotoSession(profile=config.profile or None)
    # Outside of EC2 nobody answers at the metadata address: without credentials, a long wait says nothing more.
    boto.set_config_variable("metadata_service_timeout", 1)
    boto.set_config_variable("metadata_service_num_attempts", 1)
    home = "?"
    try:
        home = boto.get_config_variable("region") or (config.regions[0] if config.regions else "us-east-1")
        boto.register_component("data_loader", ReviewedLoader(boto.get_config_variable("data_path")))
        partition = boto.get_partition_for_region(home)
        found = boto.get_credentials()
    except aws.ProfileNotFound as error:
        name = config.profile or str(error.kwargs["profile"])
        raise TscanError(f"AWS profile '{name}' does not exist", _near(boto, name)) from error
    except aws.UnknownRegionError:
        raise _unknown_region(home, _known_regions(boto, "aws")) from None
    except aws.BotoCoreError as error:
        raise TscanError(
            f"AWS credentials cannot be read: {_line(error)}", "check the AWS configuration files"
        ) from error
    if found is None:
        raise TscanError(
            "no AWS credentials were found", "set AWS_PROFILE (or --profile), or run `tscan demo`, which needs none"
        )
    if config.role_arn:
        _assume(boto, found, config, home)
    return boto, home, str(partition)


def _assume(boto: BotoSession, source: Any, config: TargetConfig, home: str) -> None:
    """Give the session the credentials of the role, which are made anew before they expire."""

    def create_client(service: str, **arguments: Any) -> Any:
        return boto.create_client(service, **{"region_name": home, **arguments})

    extra = {"RoleSessionName": "tscan"} | ({"ExternalId": config.external_id} if config.external_id else {})
    fetcher = AssumeRoleCredentialFetcher(create_client, source, config.role_arn, extra_args=extra)
    role = DeferredRefreshableCredentials(refresh_using=fetcher.fetch_credentials, method="assume-role")
    try:
        role.get_frozen_credentials()
    except FAILURES as error:
        failure = classify("sts", error)
        if failure.code in _UNREACHABLE:
            raise TscanError(f"AWS cannot be reached: {failure.message}", _REACH) from error
        raise TscanError(
            f"role {config.role_arn} cannot be assumed ({failure.code})",
            "check its trust policy, the external id, and your own right to sts:AssumeRole",
        ) from error
    # botocore has no public way to hand a session credentials that refresh themselves; its own docs use this member.
    boto._credentials = role


def _no_caller(answer: Answer, door: Door, home: str) -> TscanError:
    """Why nobody can be read, in one line."""
    failure = Failure(state=answer.state, code=answer.code, message=answer.message)
    if failure.code.startswith(("ExpiredToken", "RequestExpired", "TokenRefreshRequired")):
        return TscanError(f"the AWS credentials have expired ({failure.code})", "log in again, then repeat")
    if failure.code in _UNREACHABLE:
        endpoint = door.clients.get("sts", home).meta.endpoint_url
        return TscanError(f"AWS cannot be reached at {endpoint} ({failure.code})", _REACH)
    if failure.code in _ACCEPTED_NOWHERE:
        return TscanError(
            f"AWS does not accept the credentials ({failure.code})", "check the access key and its secret"
        )
    said = f"{failure.code} {failure.message}".rstrip()
    return TscanError(f"AWS did not say who we are: {said}", "check the credentials and the endpoint")


def _regions(
    config: TargetConfig, answer: Answer, boto: BotoSession, home: str
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """The regions in scope, the enabled ones that are left out, and why the list is not whole."""
    enabled = sorted(str(row["RegionName"]) for row in (answer.data or {}).get("Regions", []))
    if not config.regions:
        if answer.state is State.OK:
            return tuple(enabled), (), ""
        return tuple(enabled or [home]), (), answer.reason
    known = enabled if answer.state is State.OK else _known_regions(boto, str(boto.get_partition_for_region(home)))
    chosen = tuple(sorted(dict.fromkeys(config.regions)))
    for region in chosen:
        if region not in known:
            raise _unknown_region(region, known)
    return chosen, tuple(region for region in enabled if region not in chosen), ""


def _known_regions(boto: BotoSession, partition: str) -> list[str]:
    return sorted(boto.get_available_regions("ec2", partition_name=partition))


def _unknown_region(region: str, known: list[str]) -> TscanError:
    close = get_close_matches(region, known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"enabled: {', '.join(known)}"
    return TscanError(f"region '{region}' does not exist or is not enabled in this account", hint)


def _near(boto: BotoSession, profile: str) -> str:
    names = [str(name) for name in boto.full_config.get("profiles", {})]
    close = get_close_matches(profile, names, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(sorted(names))}" if names else "no profile is configured"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
