"""Services that are asked about requests, or to convert objects: how they are reached and spoken to."""
