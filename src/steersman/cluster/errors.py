"""What can be wrong with a cluster or its machine, in words for whoever typed the command."""


class ClusterError(Exception):
    """A command can't do what it was asked; the text says why, and what to do."""
