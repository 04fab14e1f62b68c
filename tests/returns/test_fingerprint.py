"""Which troubles are one: property by property."""

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from returns_ops.returns.fingerprint import LONGEST, fingerprint, masked

# Words as errors have them: no digit, so that nothing of them is masked.
WORDS = st.lists(
    st.sampled_from(["refund", "gateway", "declined", "item", "of", "stock"]), min_size=1
)
OWN = st.one_of(
    st.integers(0, 10**12).map(str),
    st.integers(1, 10**9).map(lambda n: f"RMA-{n}"),
    st.integers(0, 99).map(lambda n: f"B{n}"),
    st.integers(1, 10**6).map(lambda n: f"${n}.99"),
    st.integers(1, 10**9).map(lambda n: str(uuid.uuid5(uuid.NAMESPACE_URL, str(n)))),
)
calm = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@calm
@given(WORDS, WORDS, OWN, OWN)
def test_what_is_only_its_own_does_not_count(
    before: list[str], after: list[str], one: str, other: str
) -> None:
    texts = [" ".join([*before, number, *after]) for number in (one, other)]

    assert fingerprint("exception", texts[0]) == fingerprint("exception", texts[1])


@calm
@given(WORDS, WORDS)
def test_other_words_are_another_trouble(one: list[str], other: list[str]) -> None:
    same = fingerprint("exception", " ".join(one)) == fingerprint("exception", " ".join(other))

    assert same == (masked(" ".join(one)) == masked(" ".join(other)))
    assert same or one != other


@calm
@given(st.text(max_size=400))
def test_any_text_has_a_group_that_stays_itself(text: str) -> None:
    group = masked(text)

    assert len(group) <= LONGEST
    assert not any(line in group for line in "\n\r\t")
    assert len(fingerprint("exception", text)) == 16


@pytest.mark.parametrize(
    ("texts", "group"),
    [
        (
            [
                "Refund for order #70074401 failed: amount 49.99",
                "refund for order 8 failed: amount $5",
            ],
            "refund for order <id> failed: amount <id>",
        ),
        (
            ["Timed out at 2026-11-21T09:12:00Z", "Timed out at 2026-11-22 10:00:01.250 +01:00"],
            "timed out at <time>",
        ),
        (
            [f"No variant gid://shopify/Variant/{n} for ana.{n}@example.com" for n in (4, 5)],
            "no variant <link> for <e-mail>",
        ),
        ([f"Call {uuid.uuid4()} was seen" for _ in range(2)], "call <id> was seen"),
        (["  Two\nlines.  ", "two lines"], "two lines"),
    ],
)
def test_groups_as_people_read_them(texts: list[str], group: str) -> None:
    assert {masked(text) for text in texts} == {group}


def test_the_cause_is_part_of_it() -> None:
    assert fingerprint("refused", "No such item") != fingerprint("exception", "No such item")
