"""The functions of expressions, one module a subject; each has its FUNCTIONS, put together by `every.functions`."""
