"""Server-side apply: who owns which field of an object, and how applied configurations are merged."""
