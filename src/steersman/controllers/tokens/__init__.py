"""Tokens of ServiceAccounts that live in Secrets and don't expire: on request, or for every account by a switch."""
