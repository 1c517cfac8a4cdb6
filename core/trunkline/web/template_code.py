"""Leaner code for templates: a page calls some four hundred macros and functions, and Jinja's own way of calling each costs more
than most of them do.

Macros become Python functions, which bind their arguments themselves. What is given up: callables that want Jinja's context
passed (`pass_context` and its kin) cannot be called from templates (as filters and tests they can), and a block cannot change
what a macro sees as autoescaping, which is always on.
"""

from collections.abc import Callable, Iterable, MutableMapping
from functools import partial
from io import StringIO
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef, find_undeclared
from jinja2.runtime import exported
from markupsafe import Markup, escape
from markupsafe import _escape_inner as escape_text  # type: ignore[attr-defined]  # what `escape` marks

#: Part of the name of compiled templates that are kept: raise it when the code made here changes.
GENERATION = "7"
#: Names that always stand for objects of ours or of Jinja's, whose attributes Python can look up itself.
_OBJECTS = frozenset({"ui", "loop"})
#: What the code of a macro itself calls by name, so that no argument may be called so.
_TAKEN = frozenset(exported) | {"blocks", "caller", "context", "environment", "missing", "parent_template"}

#: A template's output, which was escaped where it was written, as `Markup`: calling that looks first for what might escape it.
marked: Callable[[str], Markup] = partial(str.__new__, Markup)


def escaped(value: Any) -> str:
    """What is written to the page: as `markupsafe.escape`, without marking the result again, as nobody else sees it."""
    kind: type = value.__class__
    shown: str = value
    if kind is str:
        return escape_text(shown)
    if kind is Markup:
        return shown
    return str(value) if kind is int else escape(value)


def joined(*parts: Any) -> str:
    """What `~` makes: markup as soon as one part is, and then the others are escaped."""
    kinds = {part.__class__ for part in parts}
    if kinds == {str}:
        return "".join(parts)
    if any(hasattr(part, "__html__") for part in parts):
        return marked("".join(map(escaped, parts)))
    return "".join(map(str, parts))


class PageCode(CodeGenerator):
    """Compiles templates to code that calls callables directly, and whose macros are functions."""

    def macro_body(self, node: nodes.Macro | nodes.CallBlock, frame: Frame) -> tuple[Frame, MacroRef]:
        """Write the function of a macro or of the body of a call."""
        frame = frame.inner()
        frame.symbols.analyze_node(node)
        frame.require_output_check = False
        special = find_undeclared(node.body, ("caller", "kwargs", "varargs"))
        special -= {argument.name for argument in node.args}
        given = {name: frame.symbols.declare_parameter(name) for name in sorted(special)}
        frame.symbols.analyze_node(node)
        self.writeline(f"def {_name_of(node)}({', '.join(self._parameters(node, given))}):", node)
        self.indent()
        self.buffer(frame)
        self.enter_frame(frame)
        self._bind(node, frame)
        if "caller" in given:
            self.writeline(f"{given['caller']} = undefined(name='caller') if caller is None else caller")
        self.blockvisit(node.body, frame)
        self.writeline(f"return environment.marked(concat({frame.buffer}))")
        self.leave_frame(frame, with_python_scope=True)
        self.outdent()
        return frame, MacroRef(node)

    def _parameters(self, node: nodes.Macro | nodes.CallBlock, given: dict[str, str]) -> Iterable[str]:
        for argument, default in _with_defaults(node):
            if argument.name in _TAKEN:
                self.fail(f"no argument can be called {argument.name!r}", node.lineno)
            shown = repr(default.value) if isinstance(default, nodes.Const) else "missing"
            yield f"{argument.name}={shown}"
        if "varargs" in given:
            yield f"*{given['varargs']}"
        elif "caller" in given:
            yield "*"
        if "caller" in given:
            yield "caller=None"
        if "kwargs" in given:
            yield f"**{given['kwargs']}"

    def _bind(self, node: nodes.Macro | nodes.CallBlock, frame: Frame) -> None:
        """Give the arguments the names that the code of the body knows them by, and their defaults."""
        self.push_parameter_definitions(frame)
        for argument, default in _with_defaults(node):
            known = frame.symbols.ref(argument.name)
            self.writeline(f"{known} = {argument.name}")
            if not isinstance(default, nodes.Const):
                self.writeline(f"if {known} is missing: {known} = ")
                if default is None:
                    self.write(f"undefined(name={argument.name!r})")
                else:
                    self.visit(default, frame)
            self.mark_parameter_stored(known)
        self.pop_parameter_definitions()

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        """Write the expression that stands for the macro."""
        self.write(_name_of(macro_ref.node))

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """Write a plain call."""
        simple = isinstance(node.node, (nodes.Name, nodes.Getattr))
        self.write("" if simple else "(")
        self.visit(node.node, frame)
        self.write("(" if simple else ")(")
        # Jinja writes arguments behind a first one, each with a comma before it.
        whole, self.stream = self.stream, StringIO()
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        arguments, self.stream = self.stream.getvalue(), whole
        self.write(arguments.removeprefix(", ") + ")")

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:
        """Write what is shown; a condition that does not hold and has no `else` shows nothing, for which no object is made."""
        for shown in node.nodes:
            if isinstance(shown, nodes.CondExpr) and shown.expr2 is None:
                shown.expr2 = nodes.Const("")
        super().visit_Output(node, frame)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """Write an attribute. Macros and loops have theirs; of others it may be an item, or missing."""
        if isinstance(node.node, nodes.Name) and node.node.name in _OBJECTS:
            self.visit(node.node, frame)
            self.write(f".{node.attr}")
            return
        # Python looks first: asking Jinja costs a call for each.
        self.write("(_shown if (_shown := getattr((_of := ")
        self.visit(node.node, frame)
        self.write(
            f"), {node.attr!r}, missing)) is not missing else environment.getattr(_of, {node.attr!r}))"
        )

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        """Write `~`."""
        self.write("environment.joined(")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write(")")

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        self.write("(" if _is_markup(node) else "environment.escaped(")


def _is_markup(node: nodes.Node) -> bool:
    """Whether what is shown is markup for certain: what macros of `ui` and bodies of calls have written."""
    if isinstance(node, nodes.CondExpr):
        return _is_markup(node.expr1) and node.expr2 is not None and _is_markup(node.expr2)
    if isinstance(node, nodes.Const):
        return bool(node.value == "")
    if not isinstance(node, nodes.Call):
        return False
    called = node.node
    if isinstance(called, nodes.Getattr):
        return isinstance(called.node, nodes.Name) and called.node.name == "ui"
    return isinstance(called, nodes.Name) and called.name == "caller"


def _name_of(node: nodes.Macro | nodes.CallBlock) -> str:
    return f"macro_{getattr(node, 'name', 'caller')}"


def _with_defaults(
    node: nodes.Macro | nodes.CallBlock,
) -> Iterable[tuple[nodes.Name, nodes.Expr | None]]:
    required = [None] * (len(node.args) - len(node.defaults))
    return zip(node.args, [*required, *node.defaults], strict=True)


class PageTemplate(Template):
    """A template that leaves nothing behind for the garbage collector."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """What the template writes."""
        context = self.new_context(dict(*args, **kwargs))
        try:
            return self.environment.concat(self.root_render_func(context))
        except Exception:  # Jinja makes lines of the template out of lines of its code
            self.environment.handle_exception()
        finally:
            # Macros of the template refer to the context and it to them: the page, its session and all that it read would wait
            # for the collector.
            context.vars.clear()


class PageEnvironment(Environment):
    """Jinja's environment with `PageCode`."""

    code_generator_class = PageCode
    template_class = PageTemplate
    escaped = staticmethod(escaped)
    joined = staticmethod(joined)
    marked = marked

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._found: dict[str, Template] = {}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 — as Jinja calls it
    ) -> Template:
        """The template; once found, it stays that one, unless templates are reloaded when they change."""
        if isinstance(name, Template) or globals is not None or self.auto_reload:
            return super().get_template(name, parent, globals)
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = super().get_template(name, parent)
        return found

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What a template knows besides its context: a plain copy, which each rendering reads several times as fast."""
        return {**self.globals, **(d or {})}
