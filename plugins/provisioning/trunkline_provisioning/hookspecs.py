"""Hooks that provisioning calls."""

from collections.abc import Sequence

from trunkline.plugin import hookspec
from trunkline_provisioning.network_audit.readers import Reader


@hookspec
def provisioning_readers() -> Sequence[Reader]:  # type: ignore[empty-body]  # a specification has no body
    """How elements are read back, one `Reader` for each Ansible action that writes them.

    Called by the audit, by repairs and by the page of a difference. The audit takes the tasks of each working service's playbook
    whose action has a reader, renders the options that it names, and compares what `wanted` makes of them with what `everything`
    lists, or `one` reads where an element cannot list. For plugins that bring an action of their own for elements that can be
    read. A reader changes nothing but in `remove`, and raises ReadError in words when the element does not answer.
    """
