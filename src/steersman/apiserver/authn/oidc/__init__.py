"""Tokens of other issuers, which sign them as OpenID Connect says (structured authentication configuration).

`configuration` reads the file, `validation` says what is wrong with it, `expressions` compiles it; `claims` makes users
of what tokens claim; `verifying`, `keyset` and `distributed` find out whether an issuer has signed it; `authenticator`
puts one issuer together, and `reloading` all of a file.
"""
