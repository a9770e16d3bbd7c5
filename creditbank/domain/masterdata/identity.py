"""Chinese identity numbers: the check digit of eighteen digits, and what fifteen become."""

from __future__ import annotations

from datetime import date

MESSAGES: dict[str, str] = {
    "masterdata.id_shape": "An identity number has 18 digits, the last perhaps X, or 15 of the old kind; this has "
    "{letters} characters. A spreadsheet that stored it as a number has lost digits: type it as text.",
    "masterdata.id_region": "No region has the number {region}, with which this identity number begins. Correct it.",
    "masterdata.id_date": "The identity number holds no possible date of birth ({date}). Correct it.",
    "masterdata.id_check": "The last digit of the identity number does not fit the others. Correct the wrong digit.",
}
"""Why an identity number is refused; no sentence repeats the number."""

# GB/T 2260 by province; 81 to 83 hold residence permits of Hong Kong, Macao and Taiwan, 9 those of foreigners.
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def read_identity(text: str, today: date | None = None) -> str | tuple[str, dict[str, str | int]]:
    """The eighteen digits of a number, or the code and facts of its fault. Source: GB 11643-1999.

    Args:
        text: the number, ordinary digits, without spaces.
        today: nobody is born after this day; without it the year 2100 is the end.
    """
    number = text.upper()
    if len(number) == 15 and number.isascii() and number.isdigit():
        number = f"{number[:6]}19{number[6:]}"
    elif not (len(number) == 18 and number.isascii() and number[:17].isdigit() and number[17] in _CHECKS):
        return "masterdata.id_shape", {"letters": len(text)}
    if number[:2] not in _PROVINCES and number[0] != "9":
        return "masterdata.id_region", {"region": number[:2]}
    born = number[6:14]
    try:
        day = date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        day = None
    if day is None or not date(1900, 1, 1) <= day <= (today or date(2100, 1, 1)):
        return "masterdata.id_date", {"date": f"{born[:4]}-{born[4:6]}-{born[6:]}"}
    digit = check_digit(number)
    if len(number) == 17:
        return number + digit
    return number if number[17] == digit else ("masterdata.id_check", {})


def check_digit(number: str) -> str:
    """The eighteenth character that the first seventeen digits ask for. Source: GB 11643-1999."""
    return _CHECKS[sum(int(one) * weight for one, weight in zip(number, _WEIGHTS, strict=False)) % 11]


def masked(number: str) -> str:
    """A number of which only the region and the last two characters are shown."""
    return f"{number[:4]}{'*' * max(0, len(number) - 6)}{number[-2:]}" if len(number) > 8 else "*" * len(number)
