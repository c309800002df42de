"""Errors of expressions, shown with the place where they are."""


class CELError(Exception):
    """An expression that can't be used; the text is as upstream shows it, with the line and a caret."""


class SourceError(CELError):
    """What is wrong at an offset of an expression's text."""

    def __init__(self, text: str, offset: int, message: str) -> None:
        self.message = message
        super().__init__(shown(text, offset, message))


def shown(text: str, offset: int, message: str) -> str:
    """`ERROR: <input>:1:5: message`, the line, and a caret below. Source: cel-go/common/error.go."""
    before = text[:offset]
    line = before.count("\n")
    column = offset - (before.rfind("\n") + 1)
    lines = text.split("\n")
    snippet = lines[line].replace("\t", " ") if line < len(lines) else ""
    return f"ERROR: <input>:{line + 1}:{column + 1}: {message}\n | {snippet}\n | {'.' * column}^"
