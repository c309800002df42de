"""Kinds that users define: how a CustomResourceDefinition becomes resources that are served."""
