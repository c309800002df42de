"""What commands tell the user when they can't go on."""


class CommandError(Exception):
    """A command can't do what it is asked; the text tells the user why and what to do."""
