"""Versions of kinds that upstream once served: converted to and from the one that is stored.

`version` says what such a version is, `table` lists them, and what differs by more than its name has a module.
Nothing of `table` is imported unless `--runtime-config` asks for one of them.
"""
