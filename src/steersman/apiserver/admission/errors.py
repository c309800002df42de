"""What is wrong with how admission is set up."""


class ConfigurationError(ValueError):
    """A setting that can't be used; the text is for the administrator."""
