"""Texts that a spreadsheet program does not run.

Excel, LibreOffice and Google Sheets take a cell that begins with one of a few characters for a
formula, which can fetch an address or start a program. A single quotation mark before it makes it
a text again. Source: OWASP, "CSV Injection".
"""

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def without_formula(value: object) -> object:
    """The value for a cell that people open in a spreadsheet; anything but a text is unchanged."""
    if isinstance(value, str) and value.startswith(_BEGINS_A_FORMULA):
        return f"'{value}"
    return value
