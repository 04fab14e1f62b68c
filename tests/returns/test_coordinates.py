"""Reading points on earth: whatever people type, paste, or copy from a map."""

import re
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.returns.coordinates import (
    Point,
    Unreadable,
    in_minutes,
    plain,
    read_angle,
    read_point,
)
from returns_ops.returns.geography import (
    boxes_of,
    direction,
    doubts,
    kilometres,
    within,
)
from returns_ops.returns.regions import countries

ANDOVER = Point(Decimal("42.6583"), Decimal("-71.137"))
pieces = [*"0149.,;:°′″'\"-+NSEWd @/?&=#!\x00", "geo:", "https://", "q=", "!3d", "lat", "\ud800"]
texts = st.text(max_size=300) | st.lists(st.sampled_from(pieces)).map("".join)
latitudes = st.decimals(-90, 90, places=6)
longitudes = st.decimals(-180, 180, places=6)
points = st.builds(Point, latitudes, longitudes)


@pytest.mark.parametrize(
    "text",
    [
        "42.6583, -71.137",
        "(42.6583;-71.137)",
        "42.6583 −71.1370",
        "42,6583 -71,137",
        "42,6583,-71,137",
        "42.6583° N, 71.137° W",
        "71.137W 42.6583N",
        "N 42° 39.498' W 71° 8.22'",
        "lat: 42.6583, lng: -71.137",
        '{"latitude": 42.6583, "longitude": -71.137}',
        "４２.６５８３, -７１.１３７",
        "geo:42.6583,-71.137;u=35",
        "geo:0,0?q=42.6583,-71.137(Dock+2)",
        "https://www.google.com/maps/@42.6583,-71.137,17z",
        "https://www.google.com/maps/place/Dock/@42.1,-71.9,17z/data=!3m1!8m2!3d42.6583!4d-71.137",
        "https://www.google.com/maps/search/42.6583,+-71.137",
        "https://maps.google.com/?q=42.6583,-71.137",
        "maps.google.com/maps?q=loc:42.6583,-71.137",
        "https://maps.apple.com/?ll=42.6583%2C-71.137&q=Dock",
        "https://maps.apple.com/place?coordinate=42.6583,-71.137",
        "https://www.openstreetmap.org/?mlat=42.6583&mlon=-71.137#map=15/42.1/-71.9",
        "https://www.openstreetmap.org/#map=15/42.6583/-71.137",
        "https://bing.com/maps?cp=42.6583~-71.137",
        "https://waze.com/ul?ll=42.6583%2C-71.137&navigate=yes",
    ],
)
def test_one_point_however_it_is_written(text: str) -> None:
    assert read_point(text) == ANDOVER


@pytest.mark.parametrize(
    "text",
    [
        "42° 39' 30\" N, 71° 08' 13\" W",
        "42°39′30″N 71°8′13″W",
        "42 39 30 N 71 08 13 W",
        "42:39:30N 71:08:13W",
        "42d 39m 30s N, 71d 8m 13s W",
        "N42º39'30'' W71º08'13''",
        "https://www.google.com/maps/place/42%C2%B039'30%22N+71%C2%B008'13%22W/",
    ],
)
def test_minutes_and_seconds(text: str) -> None:
    assert read_point(text) == Point(Decimal("42.658333"), Decimal("-71.136944"))


def test_a_lone_s_is_south() -> None:
    assert read_point("33 51 25 S, 151 12 40 E").latitude == Decimal("-33.856944")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no coordinates"),
        ("the red gate", "no coordinates"),
        ("12 34 56 78", "no coordinates"),
        ("42.6583", "no coordinates"),
        ("5 N, 6 S", "same axis"),
        ("-12 S, 5 E", "Either a minus or S"),
        ("42° 61' N, 71° W", "fewer than 60"),
        ("https://maps.app.goo.gl/abc", "short link"),
        ("https://example.com/contact", "names no point"),
        ("<script>alert(1)</script>", "no coordinates"),
        ("1" * 10_000, "no coordinates"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_point(text)


@given(texts)
def test_no_text_is_an_error_of_another_kind(text: str) -> None:
    for read in (read_point, lambda one: read_angle(one, "NS")):
        with suppress(Unreadable):
            read(text)


@given(points)
def test_what_is_written_is_read_again(point: Point) -> None:
    assert read_point(str(point)) == point
    assert read_point(str(point).replace(".", ",")) == point or "." not in str(point)
    assert read_angle(plain(point.latitude), "NS") == point.latitude
    again = read_point(in_minutes(point))
    assert abs(again.latitude - point.latitude) < Decimal("0.00002")
    assert abs(again.longitude - point.longitude) < Decimal("0.00002")


def test_one_of_the_two_alone() -> None:
    assert read_angle("71° 8.22' W", "EW") == ANDOVER.longitude
    assert read_angle("42,6583", "NS") == ANDOVER.latitude
    with pytest.raises(Unreadable, match="other field"):
        read_angle("71 W", "NS")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-71.137, 42.6583", "Swap the two"),
        ("42.6583, 71.137", "Turn east and west"),
        ("-42.6583, -71.137", "Turn north and south"),
        ("-42.6583, 71.137", "Turn both signs"),
    ],
)
def test_usual_slips_are_found_by_the_country(text: str, words: str) -> None:
    (doubt,) = doubts(read_point(text), "US")
    (fix,) = doubt.fixes

    assert not doubt.impossible
    assert "not in the country of the address (United States)" in doubt.text
    assert (fix.point, fix.words) == (ANDOVER, words)


def test_beyond_the_earth_is_impossible_and_swapped_where_that_helps() -> None:
    (doubt,) = doubts(read_point("-118.2, 34.05"))
    assert doubt.impossible
    assert doubt.text.startswith("A latitude of -118.2")
    assert doubt.fixes[0].point == read_point("34.05, -118.2")
    assert doubts(read_point("91, 5"))[0].fixes != ()
    assert doubts(read_point("91, 200"))[0].fixes == ()


def test_nothing_and_far_away_are_doubtful() -> None:
    assert "in the sea off Africa" in doubts(read_point("0, 0"), "US")[0].text
    # The example of Narvar's own documentation, for an address in California.
    (far,) = doubts(read_point("12.22, -24.33"), "US")
    assert re.search(r"some [45],\d{3} km away", far.text)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("42.65, -71.13", "US"),
        ("21.3, -157.8", "US"),
        ("61.2, -149.9", "US"),
        ("-18.1, 178.4", "FJ"),
        ("43.1, 131.9", "RU"),
        ("36.14, -5.35", "GI"),
    ],
)
def test_places_are_in_their_countries(text: str, country: str) -> None:
    assert doubts(read_point(text), country) == []


@given(points, st.sampled_from(["", *(code for code, _ in countries())]))
def test_every_fix_is_better_than_what_it_mends(point: Point, country: str) -> None:
    for doubt in doubts(point, country):
        for fix in doubt.fixes:
            assert fix.point.on_earth
            assert within(fix.point, boxes_of(country))


def test_nearly_all_countries_have_their_boxes() -> None:
    missing = {code for code, _ in countries() if not boxes_of(code)}

    assert missing <= {"BV", "GI", "TV", "UM"}


def test_how_far_and_where() -> None:
    boston, reno = read_point("42.3601, -71.0589"), read_point("39.5296, -119.8138")

    assert round(kilometres(ANDOVER, boston)) == 34
    assert direction(ANDOVER, boston) == "south"
    assert 4_000 < kilometres(ANDOVER, reno) < 4_200
    assert direction(ANDOVER, reno) == "west"


@given(points, points)
def test_distances_are_distances(one: Point, other: Point) -> None:
    assert 0 <= kilometres(one, other) <= 20_016
    assert kilometres(one, other) == pytest.approx(kilometres(other, one))
    assert direction(one, other)
