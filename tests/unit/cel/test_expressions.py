"""Values of expressions, as the specification and upstream's own tests of its functions have them."""

from typing import Any

import pytest

from steersman.apimachinery.cel.environment import Environment
from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.cel.types import DYN, INT, list_of
from steersman.apimachinery.cel.values import BudgetExceeded, EvaluationError, UInt

ENVIRONMENT = Environment({"self": DYN, "xs": list_of(INT)})
SELF = {"name": "web", "size": 3, "tags": ["a", "b"], "labels": {"app": "x"}, "ratio": 0.5, "none": None}
VARIABLES: dict[str, Any] = {"self": SELF, "xs": [1, 2, 3]}


def value(text: str) -> Any:
    return ENVIRONMENT.compile(text).evaluate(VARIABLES)[0]


TRUE = [
    # arithmetic and order
    "1 + 2 * 3 == 7", "-7 / 2 == -3", "-7 % 2 == -1", "2u + 3u == 5u", "1.5 + 1.5 == 3.0", "0x10 == 16",
    "1 == dyn(1.0)", "1u == dyn(1)", "dyn(1) < 1.5", "2 > 1u", "'a' < 'b'", "b'ab' == bytes('ab')",
    "!(1 == dyn('1'))",
    "1e3 == 1000.0", "-(-3) == 3", "!!true", "1 < 2 ? true : false", "double('NaN') != double('NaN')",
    # texts
    "'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c')", "'ä€😀'.size() == 3",
    "size(b'ä') == 2", "'\\u00e4\\n' == 'ä\\n'",
    "r'\\n' == '\\\\n'", '"""a"b""" == \'a"b\'', "'abc'.matches('^a.c$')",
    "'ABC'.lowerAscii() == 'abc'", "'a,b,c'.split(',', 2) == ['a', 'b,c']", "'abc'.substring(1, 2) == 'b'",
    "['a', 'b'].join('-') == 'a-b'", "' a '.trim() == 'a'", "'abcb'.lastIndexOf('b') == 3",
    "'aa'.replace('a', 'b', 1) == 'ba'",
    "'%s is %d, %.1f %x %b'.format(dyn(['a', dyn(5), dyn(1.25), dyn(255), dyn(5)])) == 'a is 5, 1.2 ff 101'",
    "strings.quote('a\"b') == '\"a\\\\\"b\"'", "'abc'.charAt(1) == 'b'", "'abc123'.find('[0-9]+') == '123'",
    "'a1b2'.findAll('[0-9]') == ['1', '2']", "'a1b2'.findAll('[0-9]', 1) == ['1']",
    # lists and maps
    "[1, 2] + [3] == [1, 2, 3]", "2 in [1, 2]", "'a' in {'a': 1}", "{'a': 1}['a'] == 1", "[[1]][0][0] == 1",
    "xs.all(x, x > 0)", "xs.exists(x, x == 2)", "xs.exists_one(x, x == 2)", "xs.map(x, x * 2) == [2, 4, 6]",
    "xs.map(x, x > 1, x * 2) == [4, 6]", "xs.filter(x, x > 1) == [2, 3]", "xs.all(i, x, x == i + 1)",
    "{'a': 1}.all(k, v, k == 'a' && v == 1)", "xs.transformList(i, x, i > 0, x) == [2, 3]",
    "xs.transformMap(i, x, x) == {0: 1, 1: 2, 2: 3}", "{'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'}",
    "xs.sum() == 6 && xs.min() == 1 && xs.max() == 3 && xs.isSorted()",
    "xs.indexOf(2) == 1 && xs.lastIndexOf(9) == -1",
    "sets.contains([1, 2], [2]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 2], [2, 1, 1])",
    # fields
    "self.name == 'web'", "has(self.name) && !has(self.other)", "self.labels.app == 'x'", "self.none == null",
    "self.tags.size() == 2", "self.ratio == 0.5", "self.size > 2.5",
    # errors that lose
    "self.other == 1 || true", "!(self.other == 1 && false)", "[0, 1].exists(x, 1 / x == 1)",
    "!([0, 1].all(x, 1 / x == 2))",
    # optional values
    "self.?other.orValue('d') == 'd'", "self.?name.value() == 'web'", "!self.?a.?b.hasValue()",
    "[1][?5].orValue(7) == 7",
    "optional.of(1).optMap(x, x + 1).value() == 2", "optional.none().or(optional.of(3)).value() == 3",
    "[?optional.none(), 1] == [1]", "{?'a': optional.none()} == {}", "!optional.ofNonZeroValue('').hasValue()",
    # conversions and types
    "int('5') == 5 && int(5.9) == 5 && string(5) == '5' && double('1.5') == 1.5 && bool('true')", "type(1) == int",
    "type('a') == string && type([]) == list && type(type(1)) == type",
    "string(1.0) == '1' && string(1e100) == '1e+100'",
    # moments
    "timestamp('2024-02-29T12:30:15.5Z').getFullYear() == 2024", "timestamp('2024-02-29T12:30:15Z').getMonth() == 1",
    "timestamp('2024-02-29T00:30:00Z').getHours('+02:30') == 3", "duration('90m').getHours() == 1",
    "timestamp('2024-01-02T00:00:00Z') - timestamp('2024-01-01T00:00:00Z') == duration('24h')",
    "string(duration('1h30m')) == '5400s'", "timestamp('2024-03-03T00:00:00Z').getDayOfWeek() == 0",
    # Kubernetes' own
    "quantity('1Gi').isGreaterThan(quantity('500Mi')) && quantity('100m').compareTo(quantity('0.1')) == 0",
    "quantity('50k').add(20).asInteger() == 50020 && isQuantity('1Mi') && !isQuantity('x')",
    "quantity('-1').sign() == -1",
    "url('https://user@example.com:80/p%20q?k=v').getHost() == 'example.com:80'",
    "isURL('/absolute') && !isURL('../a')",
    "url('https://[::1]:80/').getHostname() == '::1'",
    "url('https://e.com/?k=a&k=b').getQuery() == {'k': ['a', 'b']}",
    "ip('10.0.0.1').family() == 4 && isIP('::1') && !isIP('10.0.0.300')",
    "ip.isCanonical('::1') && !ip.isCanonical('::01')",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
    "string(ip('10.0.0.1')) == '10.0.0.1' && ip('127.0.0.1').isLoopback()",
    "!format.dns1123Label().validate('a').hasValue()",
    "format.named('uuid').hasValue() && !format.named('x').hasValue()",
    "semver('1.2.3').isLessThan(semver('1.10.0'))",
    "semver('v1.2', true).minor() == 2 && !isSemver('1.2') && semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))",
    "jsonpatch.escapeKey('a/b~c') == 'a~1b~0c'", "cel.bind(x, 3, x * x) == 9",
]  # fmt: skip


@pytest.mark.parametrize("text", TRUE)
def test_an_expression_is_true(text: str) -> None:
    assert value(text) is True


FAILING = [
    ("self.other", "no such key: other"),
    ("[1][3]", "index out of bounds: 3"),
    ("1 / 0", "division by zero"),
    ("1 % 0", "modulus by zero"),
    ("9223372036854775807 + 1", "integer overflow"),
    ("0u - 1u", "unsigned integer overflow"),
    ("self.name + 1", "no such overload"),
    ("self.name && true", "no such overload"),
    ("optional.none().value()", "optional.none() dereference"),
    ("ip('x')", 'IP Address "x" parse error'),
    ("int('x')", "invalid syntax"),
    ("timestamp('x')", "cannot parse"),
    ("timestamp(-9223372036854775808)", "timestamp overflow"),
    ("'a'.matches('(')", "missing"),
]


@pytest.mark.parametrize(("text", "words"), FAILING)
def test_what_has_no_value_says_why(text: str, words: str) -> None:
    with pytest.raises(EvaluationError, match=words.replace("(", r"\(").replace(")", r"\)")):
        value(text)


REFUSED = [
    ("1 + 'a'", "found no matching overload for '_+_' applied to '(int, string)'"),
    ("foo", "undeclared reference to 'foo' (in container '')"),
    ("'a'.foo()", "undeclared reference to 'foo' (in container '')"),
    ("'a'.startsWith(1)", "found no matching overload for 'startsWith' applied to 'string.(int)'"),
    ("xs.name", "type 'list(int)' does not support field selection"),
    ("xs.all(x, x)", "expected type 'bool' but found 'int'"),
    ("'a'.all(x, true)", "expression of type 'string' cannot be range of a comprehension"),
    ("[1, 'a']", "expected type 'int' but found 'string'"),
    ("1 ==", "Syntax error"),
    ("has(1)", "invalid argument to has() macro"),
    ("for", "reserved identifier: for"),
    ("'a", "Syntax error: token recognition error"),
    ("9223372036854775808", "invalid int literal"),
    ("[" * 300 + "1" + "]" * 300, "expression recursion limit exceeded"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_cant_be_compiled_says_why(text: str, words: str) -> None:
    with pytest.raises(CELError) as error:
        ENVIRONMENT.compile(text)
    assert words in str(error.value)


def test_a_fault_is_shown_where_it_is() -> None:
    with pytest.raises(CELError) as error:
        ENVIRONMENT.compile("true &&\n  foo")
    assert str(error.value) == (
        "compilation failed: ERROR: <input>:2:3: undeclared reference to 'foo' (in container '')\n |   foo\n | ..^"
    )


def test_the_type_of_the_result_is_checked() -> None:
    with pytest.raises(CELError, match="must evaluate to int"):
        ENVIRONMENT.compile("'a'", INT)
    assert ENVIRONMENT.compile("self.size", INT).result == DYN


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("true", 0),
        ("self.name", 2),
        ("1 + 1", 1),
        ("xs.all(x, x > 0)", 1 + 3 * 5 + 1),
        ("xs.map(x, x)", 1 + 3 * 13 + 11),
        ("self.name == 'web'", 3),
        ("'" + "a" * 100 + "'.contains('" + "b" * 20 + "')", 10 * 2),
        ("'" + "a" * 99 + "'.matches('" + "b" * 8 + "')", 10 * 2),
        ("[1, 2]", 10),
        ("{'a': 1}", 30),
    ],
)
def test_costs_are_counted_as_upstream_counts_them(text: str, cost: int) -> None:
    assert ENVIRONMENT.compile(text).evaluate(VARIABLES)[1] == cost


def test_an_expression_ends_when_its_budget_is_spent() -> None:
    program = ENVIRONMENT.compile("xs.all(a, xs.all(b, xs.all(c, true))) || true")
    with pytest.raises(BudgetExceeded, match="actual cost limit exceeded"):
        program.evaluate({"xs": list(range(1000))}, limit=10_000)


def test_unsigned_numbers_stay_so() -> None:
    assert type(value("1u + 2u")) is UInt
