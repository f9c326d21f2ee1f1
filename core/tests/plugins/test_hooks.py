"""What a plugin implements is checked, and asked in an order that can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pluggy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import hookimpl, hookspecs
from e11y.plugins import PluginSet
from e11y.plugins.hooks import SPECIFIED
from e11y.plugins.ordering import Cycle, ordered

LoadPlugins = Callable[..., PluginSet]
Refused = Callable[..., str]

raw = pluggy.HookimplMarker("e11y")


def plugin(name: str, **functions: Callable[..., Any]) -> object:
    """Return an instance of a class made of ``functions``."""
    return type(f"{name.title()}Plugin", (), {"name": name, **functions})()


def hook(answer: object = None, **order: Any) -> Callable[..., Any]:
    """Return an implementation of e11y_enrich that says ``answer``."""

    @hookimpl(**order)
    def e11y_enrich(self: Any, schema: Any) -> object:
        return answer

    return e11y_enrich


def order_of(plugins: PluginSet) -> list[str]:
    return [name for name, _ in plugins.implementations("e11y_enrich")]


def test_every_hook_of_the_specification_can_be_asked(load_plugins: LoadPlugins) -> None:
    plugins = load_plugins({"plugins": []})
    assert all(plugins.implementations(name) == [] for name in SPECIFIED)
    assert set(hookspecs.ZONES) < set(SPECIFIED)


def test_arguments_may_be_left_out_and_come_in_any_order(load_plugins: LoadPlugins) -> None:
    class All:
        @hookimpl
        def e11y_dead_letter(self, record: str, adapter: str, reason: str) -> str:
            return record + adapter + reason

    class Some:
        @hookimpl
        def e11y_dead_letter(self, reason: str, record: str, level: int = 1) -> str:
            return reason + record + str(level)

    class Nothing:
        name = "none"

        @hookimpl
        def e11y_dead_letter(self) -> str:
            return "-"

        @staticmethod
        @hookimpl
        def e11y_enrich(schema: str) -> str:
            return schema

    plugins = load_plugins({"plugins": [All, Some, Nothing]})
    calls = [call for _, call in plugins.implementations("e11y_dead_letter")]
    assert [call("r", "a", "w") for call in calls] == ["raw", "wr1", "-"]
    assert [call(record="r", adapter="a", reason="w") for call in calls] == ["raw", "wr1", "-"]
    assert [call("S") for _, call in plugins.implementations("e11y_enrich")] == ["S"]


def test_the_list_decides_where_nothing_else_is_said(load_plugins: LoadPlugins) -> None:
    plugins = load_plugins({"plugins": [plugin("c", e11y_enrich=hook()), plugin("a", e11y_enrich=hook())]},
                           extra=[plugin("b", e11y_enrich=hook())])  # fmt: skip
    assert order_of(plugins) == ["c", "a", "b"]


def test_before_and_after_come_first(load_plugins: LoadPlugins) -> None:
    parts = [
        plugin("a", e11y_enrich=hook(after=("c", "absent"))),
        plugin("b", e11y_enrich=hook()),
        plugin("c", e11y_enrich=hook()),
        plugin("d", e11y_enrich=hook(before="b")),
        plugin("e", e11y_started=hookimpl(lambda self, host: None)),
    ]
    assert order_of(load_plugins({"plugins": parts})) == ["c", "a", "d", "b"]


def test_plugins_that_wait_for_each_other_are_named(refused: Refused) -> None:
    parts = [
        plugin("a", e11y_enrich=hook(after="c")),
        plugin("b", e11y_enrich=hook(after="a")),
        plugin("c", e11y_enrich=hook(after="b")),
        plugin("d", e11y_enrich=hook(after="a")),
    ]
    assert refused({"plugins": parts}) == (
        "plugins wait for each other in 'e11y_enrich': a -> b -> c -> a\n"
        f"  where: {__name__}.APlugin, given in code and {__name__}.BPlugin, given in code "
        f"and {__name__}.CPlugin, given in code\n"
        "  fix:   remove one  before=  or  after=  of their @hookimpl"
    )
    assert "'e11y_enrich': a -> a\n" in refused({"plugins": [plugin("a", e11y_enrich=hook(before="a"))]})


names = st.lists(st.sampled_from("abcdef"), unique=True)
edges = st.dictionaries(st.sampled_from("abcdefx"), st.sets(st.sampled_from("abcdefx"), max_size=3))


@given(names, edges)
def test_an_order_keeps_every_promise_or_a_cycle_is_shown(
    given_names: list[str], later_than: dict[str, set[str]]
) -> None:
    try:
        result = ordered(given_names, later_than)
    except Cycle as cycle:
        assert cycle.names[0] == cycle.names[-1]  # noqa: PT017 - either answer is right
        for earlier, later in zip(cycle.names, cycle.names[1:], strict=False):
            assert earlier in later_than[later]
    else:
        assert sorted(result) == sorted(given_names)
        for later, before in later_than.items():
            assert all(result.index(one) < result.index(later) for one in before if {one, later} <= set(result))
        if not any(set(before) & set(given_names) for name, before in later_than.items() if name in given_names):
            assert result == given_names


def test_misspelt_hooks_are_found(refused: Refused) -> None:
    bad = plugin("bad", e11y_enrch=hookimpl(lambda self: None), other=hookimpl(lambda self: None))
    fix = f"use one of: {', '.join(SPECIFIED)}"
    where = f"{__name__}.BadPlugin, given in code"
    assert refused({"plugins": [bad]}) == "2 problems stop the start:\n\n" + "\n\n".join(
        [
            f"plugin 'bad' implements the unknown hook 'e11y_enrch', did you mean 'e11y_enrich'?\n  where: {where}\n  fix:   {fix}",
            f"plugin 'bad' implements the unknown hook 'other'\n  where: {where}\n  fix:   {fix}",
        ]
    )


def test_a_hook_without_its_mark_is_found(refused: Refused) -> None:
    assert refused({"plugins": [plugin("bad", e11y_enrich=lambda self, schema: None)]}) == (
        "plugin 'bad' has a function 'e11y_enrich' that is not marked, so nobody would call it\n"
        f"  where: {__name__}.BadPlugin, given in code\n"
        "  fix:   write  @hookimpl  above it, or rename it"
    )


@pytest.mark.parametrize(
    ("function", "trouble"),
    [
        (lambda self, schem: None, "takes an argument 'schem' in 'e11y_enrich' that the hook does not have, did you mean 'schema'?"),
        (lambda self, *schema: None, "takes variadic positional argument 'schema' in 'e11y_enrich'"),
        (lambda self, **others: None, "takes variadic keyword argument 'others' in 'e11y_enrich'"),
        (lambda self, *, schema: None, "takes keyword-only argument 'schema' in 'e11y_enrich'"),
    ],
)  # fmt: skip
def test_arguments_that_a_hook_does_not_have(refused: Refused, function: Callable[..., Any], trouble: str) -> None:
    assert refused({"plugins": [plugin("bad", e11y_enrich=hookimpl(function))]}) == (
        f"plugin 'bad' {trouble}\n"
        f"  where: {__name__}.BadPlugin, given in code\n"
        "  fix:   take, as plain arguments, none or some of: schema"
    )


def test_a_hook_without_arguments_takes_none(refused: Refused) -> None:
    assert refused({"plugins": [plugin("bad", e11y_stopped=hookimpl(lambda self, host: None))]}).endswith(
        "fix:   take none"
    )


@pytest.mark.parametrize("option", ["wrapper", "hookwrapper", "tryfirst", "trylast"])
def test_what_only_pluggy_offers_is_refused(refused: Refused, option: str) -> None:
    def e11y_enrich(self: Any, schema: Any) -> Any:
        yield

    options: dict[str, Any] = {option: True}
    marked = raw(e11y_enrich, **options)
    assert refused({"plugins": [plugin("bad", e11y_enrich=marked)]}) == (
        f"plugin 'bad' asks for {option!r} in 'e11y_enrich', which e11y does not offer\n"
        f"  where: {__name__}.BadPlugin, given in code\n"
        "  fix:   mark it with e11y.hookimpl; an order is said with  before=...  or  after=..."
    )


def test_pluggys_own_mark_works_too(load_plugins: LoadPlugins) -> None:
    marked = raw(lambda self, schema: schema, specname="e11y_enrich")
    plugins = load_plugins({"plugins": [plugin("raw", anything=marked)]})
    assert [(name, call("S")) for name, call in plugins.implementations("e11y_enrich")] == [("raw", "S")]
