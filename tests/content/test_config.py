"""`tscan.yaml` and `--param`: what is read, and where a mistake stands."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.content.config import load_config
from scanner.content.parameters import parse_params
from scanner.errors import ContentError, TscanError
from scanner.model.checks import Parameter
from scanner.model.config import Config, Exclusion, Organization, TargetConfig

CONFIG = "tscan.yaml"


def test_what_is_read(pack: Any) -> None:
    assert load_config(CONFIG, pack.load()) == Config(
        organization="Example Ltd",
        timezone="Europe/Berlin",
        targets=(
            TargetConfig(
                cloud="aws",
                profile="audit",
                role_arn="arn:aws:iam::111122223333:role/Audit",
                external_id="abc",
                regions=("eu-west-1", "us-gov-east-1"),
                params={"most_days": 30},
            ),
        ),
        params={"owners": ["alice", "bob"]},
        categories={"soc2-2017": ("Security",)},
        path=CONFIG,
    )


ORGANIZATION = """
version: 1
targets:
  - aws:
      organization:
        role: tscan-read
        external_id: abc
        exclude:
          - {account: "222222222222", reason: No customer data., approver: Jo Doe}
          - {account: "333333333333", reason: Sandbox., approver: Jo Doe}
"""


def test_an_organization_is_read(pack: Any) -> None:
    pack.write(CONFIG, ORGANIZATION)
    (target,) = load_config(CONFIG, pack.load()).targets
    assert target.organization == Organization(
        role="tscan-read",
        external_id="abc",
        exclude=(
            Exclusion(account="222222222222", reason="No customer data.", approver="Jo Doe"),
            Exclusion(account="333333333333", reason="Sandbox.", approver="Jo Doe"),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (", reason: No customer data.", "", "'reason' is missing", ""),
        (
            ', approver: Jo Doe}\n          - {account: "333',
            '}\n          - {account: "333',
            "'approver' is missing",
            "",
        ),
        ("reason: Sandbox.", "reason: ' '", "'reason' is empty", ""),
        (
            '"222222222222"',
            "22222",
            "'account' must be a string, not a whole number",
            "put it in quotes",
        ),
        ('"222222222222"', '"22222"', "'22222' is not an account id of 12 digits", ""),
        (
            '"333333333333"',
            '"222222222222"',
            "account 222222222222 is excluded twice",
            "remove one",
        ),
        ("role: tscan-read\n        ", "", "'role' is missing", ""),
        (
            "role: tscan-read",
            "role: 'arn:aws:iam::1:role/x'",
            "'arn:aws:iam::1:role/x' is not the name of a role",
            "",
        ),
    ],
)
def test_a_mistake_in_an_organization(
    pack: Any, old: str, new: str, message: str, hint: str
) -> None:
    assert ORGANIZATION.count(old) == 1
    pack.write(CONFIG, ORGANIZATION.replace(old, new))
    with pytest.raises(ContentError) as caught:
        load_config(CONFIG, pack.load())
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.hint == hint
    assert problem.line > 4


def test_an_empty_configuration_reads_the_default_target(pack: Any) -> None:
    pack.write(CONFIG, "version: 1\n")
    assert load_config(CONFIG, pack.load()) == Config(path=CONFIG)


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("version: 1", "version: ‸7", "version 7 is newer than this tscan reads", "upgrade tscan"),
        (
            "organization:",
            "‸organisation:",
            "unknown key 'organisation'",
            "did you mean 'organization'?",
        ),
        (
            "Europe/Berlin",
            "‸Europe/Berln",
            "there is no time zone 'Europe/Berln'",
            "did you mean 'Europe/Berlin'?",
        ),
        (
            "Europe/Berlin",
            "‸../../etc/passwd",
            "there is no time zone '../../etc/passwd'",
            "write a name such as Europe/Berlin",
        ),
        ("  - aws:", "  - ‸aw:", "unknown key 'aw'", "did you mean 'aws'?"),
        (
            "eu-west-1,",
            "‸eu_west_1,",
            "'eu_west_1' is not a region such as eu-west-1",
            "leave 'regions' out to read every region that the account has enabled",
        ),
        ("us-gov-east-1", "‸eu-west-1", "'eu-west-1' is named twice", "remove one"),
        ("arn:aws:iam::111122223333:role/Audit", "‸Audit", "'Audit' is not the ARN of a role", ""),
        (
            "      role_arn: arn:aws:iam::111122223333:role/Audit\n      external_id",
            "      ‸external_id",
            "'external_id' needs 'role_arn'",
            "add 'role_arn'",
        ),
        (
            "{most_days: 30}",
            "{‸most_day: 30}",
            "there is no parameter 'most_day'",
            "did you mean 'most_days'?",
        ),
        (
            "{most_days: 30}",
            "{most_days: ‸'30'}",
            "'most_days' must be a whole number, not '30'",
            "most_days is int, at least 1",
        ),
        (
            "{most_days: 30}",
            "{most_days: ‸0}",
            "'most_days' must be at least 1, not 0",
            "most_days is int, at least 1",
        ),
        ("[alice, bob]", "[alice, ‸7]", "'owners' must be a string, not 7", "put it in quotes"),
        (
            "[alice, bob]",
            "‸alice",
            "'owners' must be a list, not 'alice'",
            "owners is list(string)",
        ),
        ("[alice, bob]", "‸null", "'owners' must be a list, not nothing", "owners is list(string)"),
        (
            "soc2-2017:",
            "‸soc2-2018:",
            "there is no framework 'soc2-2018'",
            "did you mean 'soc2-2017'?; --mappings DIR adds your own",
        ),
        (
            "[Security]",
            "[‸Securty]",
            "soc2-2017 has no category 'Securty'",
            "did you mean 'Security'?",
        ),
    ],
)
def test_a_mistake_is_named_at_its_place(
    pack: Any, old: str, new: str, message: str, hint: str
) -> None:
    library = pack.load()
    place = pack.change(CONFIG, old, new)
    with pytest.raises(ContentError) as caught:
        load_config(CONFIG, library)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{place}: {message}" + (f"\n  hint: {hint}" if hint else "")
    ]


def test_several_mistakes_at_once(pack: Any) -> None:
    library = pack.load()
    pack.change(CONFIG, "Europe/Berlin", "Nowhere")
    pack.change(CONFIG, "[Security]", "[None]")
    with pytest.raises(ContentError) as caught:
        load_config(CONFIG, library)
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [
        (3, 11),
        (14, 28),
    ]


def test_a_configuration_that_is_not_there(pack: Any) -> None:
    with pytest.raises(TscanError, match=r"no\.yaml cannot be read: No such file or directory"):
        load_config("no.yaml", pack.load())


PARAMETERS = {
    name: Parameter(name=name, meaning="x", type=kind)
    for name, kind in {
        "days": "int",
        "share": "double",
        "on": "bool",
        "tag": "string",
        "ports": "list(int)",
        "owners": "list(string)",
        "map": "map(string)",
    }.items()
}
PARAMETERS["age"] = Parameter(name="age", meaning="x", type="int", minimum=1)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("days=30", 30),
        ("days= 30", 30),
        ("days=-1", -1),
        ("age=1", 1),
        ("share=1", 1.0),
        ("share=0.5", 0.5),
        ("on=true", True),
        ("on=false", False),
        ("tag=a=b", "a=b"),
        ("tag=", ""),
        ("tag=30", "30"),
        ("ports=22,3389", [22, 3389]),
        ("ports=", []),
        ("owners=a, b", ["a", "b"]),
    ],
)
def test_a_parameter_of_the_command_line(option: str, value: object) -> None:
    (found,) = parse_params([option], PARAMETERS).values()
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (["days"], "--param days: a value is missing", "write --param name=value"),
        (["=3"], "--param =3: a name is missing", "write --param name=value"),
        ([""], "--param : a name is missing", "write --param name=value"),
        (["age=-1"], "--param age must be at least 1, not -1", "age is int, at least 1"),
        (["dys=3"], "--param dys: there is no such parameter", "did you mean 'days'?"),
        (
            ["days=3", "days=4"],
            "--param days is given twice",
            "a list is written with commas: name=a,b",
        ),
        (["days=three"], "--param days must be a whole number, not 'three'", "days is int"),
        (["days=1.5"], "--param days must be a whole number, not '1.5'", "days is int"),
        (["days=1_000"], "--param days must be a whole number, not '1_000'", "days is int"),
        (["share=nan"], "--param share must be a number, not 'nan'", "share is double"),
        (["share=1e999"], "--param share must be a number, not '1e999'", "share is double"),
        (["on=yes"], "--param on must be true or false, not 'yes'", "on is bool"),
        (["ports=22,ssh"], "--param ports must be a whole number, not 'ssh'", "ports is list(int)"),
        (
            ["map=a"],
            "--param map is a mapping, which only tscan.yaml can hold",
            "map is map(string)",
        ),
    ],
)
def test_a_wrong_parameter_of_the_command_line(options: list[str], message: str, hint: str) -> None:
    with pytest.raises(TscanError) as caught:
        parse_params(options, PARAMETERS)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_people_s_files_are_named_from_the_configuration_s_own_folder(pack: Any) -> None:
    pack.write("there/tscan.yaml", "version: 1\nwaivers: waivers.yaml\nattestations: ../said\n")
    config = load_config("there/tscan.yaml", pack.load())
    assert (config.waivers, config.attestations) == ("there/waivers.yaml", "there/../said")
    plain = load_config(CONFIG, pack.load())
    assert (plain.waivers, plain.attestations) == ("", "")
