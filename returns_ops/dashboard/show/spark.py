"""A row of numbers as small bars. The words beside them say the same; the bars are decoration."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

BAR, GAP, HEIGHT = 5, 2, 24


def bars(numbers: Sequence[int]) -> SafeString:
    """One bar per number, the last one marked; a zero keeps a line of one unit."""
    top = max([*numbers, 1])
    drawn = [
        (
            place * (BAR + GAP),
            HEIGHT - (height := max(round(number * HEIGHT / top), 1)),
            height,
            "now" if place == len(numbers) - 1 else "",
        )
        for place, number in enumerate(numbers)
    ]
    rects = format_html_join(
        "",
        '<rect x="{}" y="{}" width="5" height="{}" rx="1" class="{}"></rect>',
        drawn,
    )
    width = max(len(numbers) * (BAR + GAP) - GAP, 1)
    return format_html(
        '<svg class="spark" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true">'
        "{2}</svg>",
        width,
        HEIGHT,
        rects,
    )


def in_words(days: Sequence[int]) -> str:
    """`3 today, 12 in 7 days`: opened per day, oldest first."""
    today = days[-1] if days else 0
    return f"{today} today, {sum(days)} in {len(days)} days"
