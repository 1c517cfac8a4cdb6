"""Leaner code for templates: a page calls some four hundred macros and functions, and Jinja's own way of calling each costs more
than most of them do.

Macros become Python functions, which bind their arguments themselves. What is given up: callables that want Jinja's context
passed (`pass_context` and its kin) cannot be called from templates (as filters and tests they can), and a block cannot change
what a macro sees as autoescaping, which is always on.
"""

from collections.abc import Callable, Collection, Iterable, MutableMapping
from functools import partial
from io import StringIO
from types import CodeType
from typing import Any, cast

from jinja2 import Environment, Template, filters, nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef, find_undeclared
from jinja2.runtime import exported
from jinja2.utils import missing
from markupsafe import Markup, escape
from markupsafe import _escape_inner as escape_text  # type: ignore[attr-defined]  # what `escape` marks

from trunkline.i18n.messages import Lazy, words
from trunkline.i18n.reader import reader

#: Part of the name of compiled templates that are kept: raise it when the code made here changes.
GENERATION = "10"
#: Globals that always mean the same and that no caller passes under another meaning: templates find them where Python finds names
#: of a module, instead of asking the context for each in every macro.
_FIXED = (
    "_",
    "ui",
    "svg",
    "static",
    "slot",
    "kept",
    "ngettext",
    "pgettext",
    "csrf_field",
    "tone_of",
    "state_label",
    "url_query",
)
#: Filters of Jinja's that have a form for environments that are asynchronous, as ours never is.
_TWOFOLD = (
    "first",
    "groupby",
    "join",
    "list",
    "map",
    "reject",
    "rejectattr",
    "select",
    "selectattr",
    "slice",
    "sum",
    "unique",
)
#: Names that always stand for objects of ours or of Jinja's, whose attributes Python can look up itself.
_OBJECTS = frozenset({"ui", "loop"})

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
    if kind is Lazy:
        return escaped(value.translated())
    return str(value) if kind is int else escape(value)


def joined(*parts: Any) -> str:
    """What `~` makes: markup as soon as one part is, and then the others are escaped."""
    for part in parts:
        if part.__class__ is not str:
            break
    else:
        return "".join(parts)
    if any(hasattr(part, "__html__") for part in parts):
        return marked("".join(map(escaped, parts)))
    return "".join(map(str, parts))


def _settle(template: nodes.Template, known: Collection[str]) -> None:
    """Mark in a template the names of `_FIXED` that are `known`, unless it gives one of them a meaning of its own."""
    names = list(template.find_all(nodes.Name))
    own = {name.name for name in names if name.ctx != "load"}
    own.update(macro.name for macro in template.find_all(nodes.Macro))
    own.update(block.target for block in template.find_all(nodes.Import))
    for imported in template.find_all(nodes.FromImport):
        own.update(one if isinstance(one, str) else one[1] for one in imported.names)
    for name in names:
        if name.name in _FIXED and name.name in known and name.name not in own:
            # A context that Jinja does not know is looked up nowhere.
            name.ctx = "fixed"


#: What compiled templates call by these names.
_CALLED: dict[str, Any] = {
    "our_escape_text": escape_text,
    "our_escaped": escaped,
    "our_joined": joined,
    "our_marked": marked,
    "our_reader": reader,
    "our_words": words,
}
#: What the code of a macro itself calls by name, so that no argument may be called so.
_TAKEN = (
    frozenset(exported)
    | {"blocks", "caller", "context", "environment", "missing", "parent_template"}
    | frozenset(_CALLED)
)


class PageCode(CodeGenerator):
    """Compiles templates to code that calls callables directly, and whose macros are functions."""

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:
        """Write a name."""
        if node.ctx == "fixed":
            self.write(f"fixed_{node.name}")
        else:
            super().visit_Name(node, frame)

    def writeline(self, x: str, node: nodes.Node | None = None, extra: int = 0) -> None:
        """Begin a line. What parents and blocks write is handed on whole: else each piece goes through every level above it."""
        parent = x.removeprefix("yield from ")
        super().writeline(x if parent is x else f"yield concat({parent})", node, extra)

    def visit_Block(self, node: nodes.Block, frame: Frame) -> None:
        """Write a block where it stands."""
        if frame.buffer is None or frame.toplevel or node.required or node.scoped:
            super().visit_Block(node, frame)
        else:
            context = self.get_context_ref()
            self.writeline(f"{frame.buffer}.extend(context.blocks[{node.name!r}][0]({context}))", node)

    def visit_AssignBlock(self, node: nodes.AssignBlock, frame: Frame) -> None:
        """Write a block that is set: what it writes was escaped where it was written."""
        if node.filter is not None:
            super().visit_AssignBlock(node, frame)
            return
        self.push_assign_tracking()
        inner = frame.inner()
        inner.require_output_check = False
        inner.symbols.analyze_node(node)
        self.enter_frame(inner)
        self.buffer(inner)
        self.blockvisit(node.body, inner)
        self.newline(node)
        self.visit(node.target, frame)
        self.write(f" = our_marked(concat({inner.buffer}))")
        self.pop_assign_tracking(frame)
        self.leave_frame(inner)

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
        self.writeline(f"return our_marked(concat({frame.buffer}))")
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
        """Write a plain call; words that are given are looked up where they have been translated."""
        if (words := _words_in(node)) is not None:
            self.write(f"our_words[our_reader()][{words!r}]")
            return
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

    def visit_Filter(self, node: nodes.Filter, frame: Frame) -> None:
        """Write a filter; `default` with what also stands for empty values needs no call."""
        if node.name != "default" or node.node is None or len(node.args) != 2 or node.kwargs:
            super().visit_Filter(node, frame)
            return
        instead, whenever = node.args
        if not (isinstance(instead, nodes.Const) and isinstance(whenever, nodes.Const) and whenever.value):
            super().visit_Filter(node, frame)
            return
        # What is missing may not be asked whether it is empty.
        self.write("(_given if not isinstance(_given := ")
        self.visit(node.node, frame)
        self.write(f", Undefined) and _given else {instead.value!r})")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        """Write `~`."""
        self.write("our_joined(")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write(")")

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        # Most of what is shown is text, for which no function of ours is called.
        self.write("(" if _is_markup(node) else "(_text if (_text := ")

    def _output_child_post(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if not _is_markup(node):
            self.write(
                ").__class__ is Markup else our_escape_text(_text)"
                " if _text.__class__ is str else our_escaped(_text)"
            )
        self.write(")")


def _words_in(node: nodes.Call) -> str | None:
    """The constant words that a call of `_` translates; None when it is another call."""
    called, arguments = node.node, node.args
    if not (isinstance(called, nodes.Name) and called.name == "_" and called.ctx == "fixed"):
        return None
    if len(arguments) != 1 or node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    said = arguments[0].value if isinstance(arguments[0], nodes.Const) else None
    return said if isinstance(said, str) else None


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

    @classmethod
    def from_code(
        cls,
        environment: Environment,
        code: CodeType,
        globals: MutableMapping[str, Any],  # noqa: A002 — as Jinja calls it
        uptodate: Callable[[], bool] | None = None,
    ) -> "PageTemplate":
        """The template of compiled code, which finds what `PageCode` lets it call among the names of its module."""
        fixed = {f"fixed_{name}": environment.globals.get(name, missing) for name in _FIXED}
        ours = {"environment": environment, "__file__": code.co_filename, **_CALLED, **fixed}
        exec(code, ours)  # noqa: S102 — as Jinja does: the code was made here, of a template
        found = cls._from_namespace(environment, ours, globals)
        found._uptodate = uptodate
        return cast("PageTemplate", found)

    def render(self, *args: Any, **kwargs: Any) -> str:
        """What the template writes."""
        environment = self.environment
        # The globals are the same for each template, so that nobody asks which of them differ.
        context = environment.context_class(
            environment, {**self.globals, **dict(*args, **kwargs)}, self.name, self.blocks
        )
        try:
            return environment.concat(self.root_render_func(context))
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

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._found: dict[str, Template] = {}
        # Jinja's own first ask whether the environment is asynchronous, which takes as long as most do.
        self.filters.update({name: getattr(filters, f"sync_do_{name}") for name in _TWOFOLD})

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

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        _settle(source, self.globals)
        return super()._generate(source, name, filename, defer_init)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What a template knows besides its context: a plain copy, which each rendering reads several times as fast."""
        return {**self.globals, **(d or {})}
