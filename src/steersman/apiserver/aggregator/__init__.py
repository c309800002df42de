"""Group versions that other servers answer for: who they are, whether they can be reached, and the way there."""
