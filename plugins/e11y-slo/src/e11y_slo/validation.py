"""What ``e11y slo validate`` looks at, and how it tells what it found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from e11y import E11yError, Schema
from e11y_slo import lint
from e11y_slo.document import Document
from e11y_slo.slo_file import SloFile


@attrs.frozen(eq=False)
class Finding:
    """The answer to one question.

    Args:
        subject: What was looked at.
        says: What was found when nothing is wrong.
        problems: What is wrong.
        is_notice: Whether it only tells something.
    """

    subject: str
    says: str
    problems: Sequence[E11yError] = ()
    is_notice: bool = False

    def __str__(self) -> str:
        if not self.problems:
            return f"{'note   ' if self.is_notice else 'ok     '}  {self.subject}: {self.says}"
        lines = [line for problem in self.problems for line in ("", *str(problem).splitlines())]
        return "\n".join([f"PROBLEM  {self.subject}", *(f"         {line}".rstrip() for line in lines)])


def validate(file: SloFile, schemas: Sequence[Schema], *, strict: bool) -> Iterator[Finding]:
    """Yield what is found about the file, and about it and the event types together.

    Args:
        file: Where objectives stand.
        schemas: Every event type that is known.
        strict: Whether each event type must say if it counts.
    """
    document: Document | None = None
    try:
        document = file.document()
    except E11yError as error:
        yield Finding("slo.yml", "", [error])
    else:
        path = file.find()
        if document is None:
            yield Finding("slo.yml", "there is none, so defaults hold", is_notice=True)
        else:
            yield Finding("slo.yml", f"{len(document.objectives)} objectives in {path}")
    own = lint.of_application(schemas)
    if not own:
        how = "none is known; import the application's with  e11y --app your.module slo validate"
        yield Finding("event types", how, is_notice=True)
    else:
        if document is not None:
            misfits = [*lint.misfits(document, schemas), *lint.strangers(document, schemas)]
            yield Finding("events of slo.yml", "each exists, and says the same", misfits)
        silent = list(lint.undeclared(schemas))
        says = f"{len(own) - len(silent)} of {len(own)} say whether they count toward an objective"
        yield Finding("event types", says, silent if strict else (), is_notice=not strict)
    if document is not None:
        yield from _notices(document)


def _notices(document: Document) -> Iterator[Finding]:
    for custom in document.customs:
        if custom.planned:
            yield Finding(custom.name, "objectives about sequences of events are not built", is_notice=True)
    data = document.located.data or {}
    for at, one in enumerate(data.get("custom_slos") or ()):
        if "require_explicit_slo_config" in one:
            key = f"custom_slos[{at}].require_explicit_slo_config"
            yield Finding(key, "ignored; strict in the settings asks it of all types", is_notice=True)
    if "targets" in (data.get("e11y_self_monitoring") or {}):
        yield Finding("e11y_self_monitoring.targets", "ignored; the alert has a target of its own", is_notice=True)
    for key in ("deployment_gate", "autoscaling"):
        if key in document.advanced:
            yield Finding(f"advanced.{key}", "left to the tools that deploy and scale", is_notice=True)
