"""Code 128: the bars of the cards and labels that we print ourselves.

Code set B holds every character we print; C packs two digits into one symbol. Which way is
shorter is not guessed from rules of thumb: of all ways the shortest is taken.
"""

from html import escape
from itertools import accumulate

QUIET = 10  # modules of white that a reader needs at either end
TO_C, TO_B, START_B, START_C, STOP = 99, 100, 104, 105, 106
# By value, the widths of three bars and the spaces behind them in modules; 11 in all. The stop
# has a fourth bar.
WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 "
    "112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 "
    "311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 "
    "112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 "
    "122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
PATTERNS = WIDTHS.split()
Values = tuple[int, ...]


def bars(text: str) -> tuple[int, ...]:
    """The widths of bar, space, bar, …, bar in modules, without quiet zones.

    Raises ValueError for no text, and for characters outside ASCII 32 to 126.
    """
    if not text or any(not " " <= char <= "~" for char in text):
        raise ValueError(f"Code 128 as we print it cannot say {text!r}")
    values = _values(text)
    symbols = (*values, _checksum(values), STOP)
    return tuple(int(width) for value in symbols for width in PATTERNS[value])


def svg(text: str, *, height: int = 60, module: int = 2) -> str:
    """The symbol as an SVG element, sizes in pixels: black on white, whatever the theme is.

    Raises ValueError as `bars` does. The text is escaped.
    """
    widths = [QUIET * module, *(width * module for width in bars(text))]
    edges = list(accumulate(widths))
    path = "".join(
        f"M{edge} 0h{width}v{height}h-{width}z"
        for edge, width in zip(edges[::2], widths[1::2], strict=False)
    )
    across = edges[-1] + QUIET * module
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{height}" '
        f'viewBox="0 0 {across} {height}" role="img" aria-label="Barcode {escape(text)}">'
        f'<rect width="{across}" height="{height}" fill="#fff"/>'
        f'<path fill="#000" shape-rendering="crispEdges" d="{path}"/></svg>'
    )


def _checksum(values: Values) -> int:
    return (values[0] + sum(at * value for at, value in enumerate(values))) % 103


def _values(text: str) -> Values:
    """The start and what follows up to the checksum, found from the end of the text.

    At each place, `in_b` and `in_c` are the shortest ways to say the rest from there, and
    `behind` is `in_c` of one place further on: what comes after a pair of digits.
    """
    in_b: Values = ()
    in_c: Values = ()
    behind: Values = ()
    for at in reversed(range(len(text))):
        pair = text[at : at + 2]
        plain = (ord(text[at]) - ord(" "), *in_b)
        packed = [(int(pair), *behind)] if len(pair) == 2 and pair.isdigit() else []
        behind = in_c
        in_b = min([plain, *((TO_C, *way) for way in packed)], key=len)
        in_c = min([*packed, (TO_B, *plain)], key=len)
    return min((START_B, *in_b), (START_C, *in_c), key=len)
