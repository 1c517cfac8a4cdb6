"""Templates compiled our way write what Jinja's own code would write."""

import jinja2
import pytest
from markupsafe import Markup

from trunkline.i18n import translate
from trunkline.web.template_code import PageEnvironment

TEMPLATES = {
    "defaults": "{% macro m(a, b='two', c=none) %}{{ a }}|{{ b }}|{{ c }}{% endmacro %}"
    "{{ m(1) }};{{ m(1, c=3) }};{{ m(*[1, 2, 3]) }}",
    "keywords": "{% macro m(a) %}{{ a }}{% for k, v in kwargs.items() %} {{ k }}={{ v }}{% endfor %}{% endmacro %}"
    "{{ m(1, class='x', b=2) }}",
    "positionals": "{% macro m(a) %}{{ a }}{{ varargs|join('-') }}{% endmacro %}{{ m(1, 2, 3) }}",
    "caller": "{% macro m(a) %}<{{ caller(a) }}>{% endmacro %}{% call(x) m('q') %}{{ x }}&{% endcall %}",
    "no caller": "{% macro m() %}{{ caller() if caller is defined else 'alone' }}{% endmacro %}{{ m() }}",
    "escaping": "{{ hostile }}{{ safe }}{% set s %}<b>{{ hostile }}</b>{% endset %}{{ s }}{{ 3 }}{{ none }}{{ [hostile] }}",
    "macro output is not escaped twice": "{% macro m(a) %}<i>{{ a }}</i>{% endmacro %}{{ m(m(hostile)) }}",
    "loops": "{% for x in [1, 2] %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{{ ','.join(['p', 'q']) }}{% endfor %}",
    "recursion": "{% for n in tree recursive %}{{ n.v }}{% if n.c %}({{ loop(n.c) }}){% endif %}{% endfor %}",
    "blocks": "{% block a %}{{ range(3)|list|join }}{% block b %}{{ (f if true else g)(2) }}{% endblock %}{% endblock %}"
    "{{ self.b() }}",
    "defaults are made anew": "{% macro m(a, b=[], c=a) %}{% set _ = b.append(a) %}{{ b }}{{ c }}{% endmacro %}"
    "{{ m(1) }}{{ m(2) }}",
    "macros within macros": "{% macro o(a) %}{% macro i(b=a) %}{{ a }}{{ b }}{% endmacro %}"
    "{{ i() }}{{ i(9) }}{% endmacro %}{{ o(3) }}",
    "joining": "{{ hostile ~ 1 }}{{ hostile ~ safe ~ none }}{{ 1 ~ 2 }}{{ 'p' ~ 'q' }}",
    "conditions": "{{ 'a' if true }}|{{ 'a' if false }}|{{ ('a' if false) ~ 'b' }}|{% set x = 1 if false %}{{ x is defined }}",
    "instead of nothing": "{{ nothing|default('–', true) }}{{ ''|default('x', true) }}{{ hostile|default('x', true) }}"
    "{{ tree[0].z|default('y', true) }}{{ 0|default(safe, true) }}{{ nothing|default('a') }}{{ ''|default('b') }}",
    "arguments that are called as our functions": "{% macro m(words, marked) %}{{ words }}{{ marked }}{{ 'a' ~ words }}"
    "{% endmacro %}{{ m(1, hostile) }}",
    "words": "{{ _('One & two') }}{% macro m() %}{{ _('Hello {name}', name=hostile) }}{% endmacro %}{{ m() }}{{ static('p') }}",
    "globals under another meaning": "{% macro m(static) %}{{ static }}{{ _('Mine') }}{% endmacro %}{{ m(static=hostile) }}"
    "{% for kept in [1, 2] %}{{ kept }}{% endfor %}{% set slot = 'mine' %}{{ slot }}",
    "calls on items": "{{ fs[0](4) }}{{ fs[0](x=5) }}{{ hostile.upper() }}",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_same_is_written_as_by_jinja_itself(name: str) -> None:
    values = {
        "hostile": "<script>\"'&",
        "safe": Markup("<b>ok</b>"),
        "tree": [{"v": 1, "c": [{"v": 2, "c": []}]}],
        "f": lambda x: x * 2,
        "g": str,
        "fs": [lambda x: f"<{x}>"],
    }
    loader = jinja2.DictLoader(TEMPLATES)
    written = []
    for kind in (PageEnvironment, jinja2.Environment):
        environment = kind(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        environment.globals.update(_=translate, static="/static/{}".format, kept=None, slot=None)
        written.append(environment.get_template(name).render(values))
    assert written[0] == written[1]


def test_a_child_overrides_and_keeps_its_parents_block() -> None:
    loader = jinja2.DictLoader(
        {
            "parent": "{% block a %}p{% endblock %}",
            "child": "{% extends 'parent' %}{% block a %}{{ super() }}<c>{% endblock %}",
        }
    )
    assert PageEnvironment(loader=loader, autoescape=True).get_template("child").render() == "p<c>"


def test_an_argument_cannot_hide_what_the_code_of_a_macro_needs() -> None:
    for taken in ("context", "our_words"):
        with pytest.raises(jinja2.TemplateSyntaxError, match=f"no argument can be called '{taken}'"):
            PageEnvironment(autoescape=True).from_string(f"{{% macro m({taken}) %}}{{% endmacro %}}")


@pytest.mark.parametrize(
    ("call", "named"),
    [
        ("m(1, 2)", r"macro_m\(\) takes .* 1 positional argument"),
        ("m(1, z=2)", "macro_m.* keyword argument 'z'"),
    ],
)
def test_a_macro_refuses_arguments_that_it_does_not_take(call: str, named: str) -> None:
    environment = PageEnvironment(autoescape=True)
    with pytest.raises(TypeError, match=named):
        environment.from_string("{% macro m(a) %}{{ a }}{% endmacro %}{{ " + call + " }}").render()
