"""Leaner code for templates: a page calls some four hundred macros and functions, and Jinja's own way of calling each costs more
than most of them do.

What is given up: callables that want Jinja's context passed (`pass_context` and its kin) cannot be called from templates (as
filters and tests they can), and a block cannot change what a macro sees as autoescaping, which is always on.
"""

from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef
from jinja2.utils import missing
from markupsafe import Markup, escape

#: Part of the name of compiled templates that are kept: raise it when the code made here changes.
GENERATION = "3"


class PageMacro:
    """One macro of a template. Arguments are bound as Jinja binds them (see its `Macro`)."""

    def __init__(
        self,
        environment: Environment,
        func: Callable[..., str],
        name: str | None,
        arguments: Sequence[str],
        catch_kwargs: bool,
        catch_varargs: bool,
        caller: bool,
    ) -> None:
        self._environment, self._func, self.name, self.arguments = environment, func, name, arguments
        self.catch_kwargs, self.catch_varargs = catch_kwargs, catch_varargs
        self._wants_caller = caller and "caller" not in arguments
        self._more = self._wants_caller or catch_kwargs or catch_varargs

    def __call__(self, *args: Any, **kwargs: Any) -> Markup:
        """The macro's output. Raises TypeError for arguments that it does not take."""
        names, given = self.arguments, len(args)
        if given < len(names):
            args += tuple([kwargs.pop(name, missing) for name in names[given:]])
        elif given > len(names) and not self.catch_varargs:
            raise TypeError(f"macro {self.name!r} takes not more than {len(names)} argument(s)")
        if self._more:
            args = self._with_more(args, kwargs)
        elif kwargs:
            raise TypeError(f"macro {self.name!r} takes no keyword argument {next(iter(kwargs))!r}")
        return Markup(self._func(*args))  # noqa: S704 — a template's output, escaped where it was written

    def _with_more(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        count = len(self.arguments)
        bound, rest = list(args[:count]), args[count:]
        # Caller, keywords, positionals: the order in which the compiled macro expects them.
        if self._wants_caller:
            caller = kwargs.pop("caller", None)
            bound.append(
                self._environment.undefined("No caller defined", name="caller") if caller is None else caller
            )
        if self.catch_kwargs:
            bound.append(kwargs)
        elif kwargs:
            raise TypeError(f"macro {self.name!r} takes no keyword argument {next(iter(kwargs))!r}")
        if self.catch_varargs:
            bound.append(rest)
        return tuple(bound)


#: What `markupsafe.escape` replaces, and how.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;"})


def escaped(value: Any) -> str:
    """What is written to the page: as `markupsafe.escape`, without marking the result again, as nobody else sees it."""
    kind: type = value.__class__
    shown: str = value
    if kind is Markup:
        return shown
    return shown.translate(_ENTITIES) if kind is str else escape(value)


class PageCode(CodeGenerator):
    """Compiles templates to code that calls callables directly and makes `PageMacro`s."""

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        """Write the expression that makes the macro."""
        names = tuple(argument.name for argument in macro_ref.node.args)
        self.write(
            f"environment.page_macro(environment, macro, {getattr(macro_ref.node, 'name', None)!r}, {names!r},"
            f" {macro_ref.accesses_kwargs!r}, {macro_ref.accesses_varargs!r}, {macro_ref.accesses_caller!r})"
        )

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

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        self.write("environment.escaped(")


class PageEnvironment(Environment):
    """Jinja's environment with `PageCode`."""

    code_generator_class = PageCode
    page_macro = PageMacro
    escaped = staticmethod(escaped)
