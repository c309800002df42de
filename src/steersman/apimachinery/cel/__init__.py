"""The Common Expression Language as Kubernetes speaks it: parsed, checked against types, evaluated with a budget.

`environment.Environment` is the way in. An expression is lexed (`lexer`), parsed with its macros (`parser`), checked
(`checker`, with the signatures of `library`), estimated (`estimate`) and turned into closures (`interpreter`) that
count what they cost. Values are Python's own wherever one fits; `values` has the others.

Sources: the CEL specification; apiserver/pkg/cel for what Kubernetes adds; apiserver/pkg/apis/cel for its limits.
"""
