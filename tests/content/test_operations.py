"""`operations.yaml`: read whole, or refused with every mistake in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.content.operations import load_operations
from scanner.errors import ContentError
from scanner.model.rest_operations import Page

FILE = Path(__file__).parent / "pack/operations.yaml"
GOOD = FILE.read_text()


def test_it_is_read() -> None:
    found = load_operations(FILE)
    assert sorted(found) == [
        "storage:buckets.getIamPolicy",
        "storage:buckets.list",
        "storage:buckets.search",
        "storage:links.list",
        "storage:repos/list",
    ]
    listing = found["storage:buckets.list"]
    assert (listing.host, listing.path, listing.version) == (
        "https://storage.example.com",
        "/storage/v1/b",
        "v1",
    )
    assert listing.page == Page(send="pageToken", next="nextPageToken")
    assert (listing.partial, listing.always) == (("warning", "unreachable"), ("items",))
    assert (listing.post, listing.placeholders, listing.audience) == (
        False,
        (),
        "https://storage.example.com/.default",
    )
    policy = found["storage:buckets.getIamPolicy"]
    assert (policy.page, policy.partial, policy.always, policy.placeholders) == (
        None,
        (),
        (),
        ("bucket",),
    )
    search = found["storage:buckets.search"]
    assert (search.post, search.version, search.permission, search.placeholders) == (
        True,
        "v2",
        (),
        ("scope",),
    )
    assert (search.shared, policy.shared) == (True, False)
    assert found["storage:repos/list"].page == Page(header=True)
    assert found["storage:links.list"].page == Page(link="@odata.nextLink")
    assert found["storage:links.list"].always == ("value",)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "https://storage.example.com\n    version",
            "http://storage.example.com\n    version",
            ":4:11: ",
        ),
        (
            "https://storage.example.com\n    version",
            "https://storage.example.com/x\n    version",
            ":4:11: ",
        ),
        ("get: /storage/v1/b,", "fetch: /storage/v1/b,", ":10:22: unknown key 'fetch'"),
        (
            "get: /storage/v1/b,",
            "get: /storage/v1/b, post: /x, why: w,",
            ":10:7: one of 'get' and 'post' is needed",
        ),
        (", permission: storage.buckets.list", "", ":10:21: 'permission' is missing"),
        (
            "why: The search is sent in the body; it changes nothing., ",
            "",
            ":12:30: a POST needs a reason, 'why'",
        ),
        (
            "/b/{bucket}/iam",
            "/b/{bucket/iam",
            ":11:35: '/storage/v1/b/{bucket/iam' is not a path: '{'",
        ),
        ("/b/{bucket}/iam", "/b/../iam", ":11:35: '/storage/v1/b/../iam' is not a path: '..'"),
        ("/b/{bucket}/iam", "//b/{bucket}/iam", ":11:35: "),
        ("/b/{bucket}/iam", "/b/{bucket}/iam?alt=json", ":11:35: "),
        ("/b/{bucket}/iam", "/b/{bucket}/{bucket}", ":11:35: 'bucket' is twice in the path"),
        (
            "{send: pageToken, next: nextPageToken}",
            "{send: pageToken}",
            ":7:5: a page has exactly one way to the next",
        ),
        ("page: {header: link}", "page: {header: next}", ":13:"),
        (
            "version: v2, shared",
            "page: {header: link}, version: v2, shared",
            ":12:30: a POST is paged by a token",
        ),
        ("page: none", "page: never", ":11:"),
        ("page: none", "page: none, kql: things", ":11:121: a query is sent by POST"),
        ("root: items", "root: items.all", ":13:"),
        ("version: 1\nservices", "version: 2\nservices", ":1:10: version 2 is newer"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    assert old in GOOD
    (tmp_path / "o.yaml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ContentError) as caught:
        load_operations(tmp_path / "o.yaml")
    assert problem in str(caught.value)
