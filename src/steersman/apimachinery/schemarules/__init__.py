"""The rules of a schema, `x-kubernetes-validations`: compiled once (`compiled`), held against objects (`checking`).

`faults` says what is wrong with rules themselves. Source: apiextensions-apiserver/pkg/apiserver/schema/cel.
"""
