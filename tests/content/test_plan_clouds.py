"""What is wrong in the files beside the maps of a cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.content.plan_maps import load_plan_maps
from scanner.errors import ContentError
from tests.helpers.plan_examples import library

CLOUD = "version: 1\ncloud: aws\nproviders: [aws]\naccount: {form: '(\\d{12})'}\n"
MAP = "version: 1\nkind: aws.sns.subscription\nof: aws_x\nit: $constant\n"


def problems(folder: Path, **files: str) -> str:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load_plan_maps(library(), folder)
    return "\n".join(map(str, caught.value.problems))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cloud: aws", "cloud: gcp", "aws.yaml:2:8: cloud 'gcp' does not match its file"),
        ("(\\d{12})", "(\\d{12}", "aws.yaml:4:17: it is not a regular expression"),
        ("(\\d{12})", "\\d{12}", "aws.yaml:4:17: it needs one group, which is the account"),
        ("(\\d{12})", "(a)(b)", "aws.yaml:4:17: it needs one group, which is the account"),
    ],
)
def test_a_mistake_in_the_file_of_a_cloud(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in CLOUD
    assert message in problems(tmp_path, aws=CLOUD.replace(old, new))


def test_a_map_lies_in_the_folder_of_its_cloud(tmp_path: Path) -> None:
    found = problems(tmp_path, aws=CLOUD, gcp__queue=MAP)
    assert "a map of aws.sns.subscription belongs in aws/, beside aws.yaml" in found


def test_a_cloud_of_maps_has_a_file(tmp_path: Path) -> None:
    found = problems(tmp_path, aws__queue=MAP)
    assert "a map of aws.sns.subscription belongs in aws/, beside aws.yaml" in found


@pytest.mark.parametrize("keys", ["", ", join: a, named_by: b"])
def test_a_part_is_named_or_names_what_it_configures(tmp_path: Path, keys: str) -> None:
    text = f"{MAP}parts:\n  other: {{of: aws_y{keys}}}\n"
    found = problems(tmp_path, aws=CLOUD, aws__queue=text)
    assert "queue.yaml:6:10: a part has either 'join' or 'named_by'" in found


def test_where_is_true_or_false(tmp_path: Path) -> None:
    found = problems(tmp_path, aws=CLOUD, aws__queue=f"{MAP}where: \"'text'\"\n")
    assert "queue.yaml:5" in found
    assert "bool" in found
