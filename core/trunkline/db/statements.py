"""Selects put to PostgreSQL through its own client library: the driver's cursors take several times as long as that.

What is written out once (`Prepared`) is planned once, too: planning it takes longer than running it.
"""

import itertools
import select
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from psycopg import Connection, Error, RawCursor
from psycopg.adapt import AdaptersMap, Dumper, PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.numeric import Int8BinaryDumper, IntNumericBinaryDumper

from trunkline.db.foresight import Answer, Foresight, Question

#: Under this name the pool keeps the statements of each connection.
STATEMENTS = "trunkline_statements"
#: What was asked this often on one connection is asked again and again.
_OFTEN = 2
#: Statements whose plan one connection keeps; each takes memory in the server.
_KEPT = 200
#: Plain numbers: looking up the members takes longer than comparing them.
_IDLE, _ROWS, _OK = int(TransactionStatus.IDLE), int(ExecStatus.TUPLES_OK), int(ConnStatus.OK)
#: Milliseconds after which it is tried again to send what found no room.
_SOON = 5
_BIGGEST = 2**63


def ask(sql: bytes, keep: bool, pooled: Any, values: list[Any]) -> Answer:
    """The rows of a select with the values of $1, $2 …, and what gives the type of each column. `pooled`: the connection.

    The plan is kept where it is asked often, and `keep` says so. Raises psycopg.Error.
    """
    statements: Statements | None = pooled.info.get(STATEMENTS)
    if statements is not None:
        return statements.ask(Question(sql, values, keep))
    with RawCursor(pooled.dbapi_connection) as cursor:
        rows = cursor.execute(sql, values).fetchall()
        return rows, cast("PGresult", cursor.pgresult).ftype


class _WholeNumber(Int8BinaryDumper):
    """Whole numbers as `bigint`, however small.

    The driver sends each as the smallest type that holds it. A statement would be planned once for keys up to 32,767 and again
    for those above.
    """

    def get_key(self, obj: int, format: PyFormat) -> Any:  # noqa: A002 — the driver's name
        return super().get_key(obj, format) if -_BIGGEST <= obj < _BIGGEST else IntNumericBinaryDumper

    def upgrade(self, obj: int, format: PyFormat) -> Dumper:  # noqa: A002 — as above
        return self if -_BIGGEST <= obj < _BIGGEST else IntNumericBinaryDumper(self.cls)


class _Adapted:
    """How a connection's values are sent, whole numbers by `_WholeNumber`."""

    def __init__(self, connection: Connection[Any]) -> None:
        self.connection = connection
        self.adapters = AdaptersMap(connection.adapters)
        self.adapters.register_dumper(int, _WholeNumber)


class Statements:
    """What one connection is asked, and which plans it keeps. Like the connection, it is used by one thread at a time."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._server = connection.pgconn
        self._adapted = Transformer(_Adapted(connection))
        #: Name by words and types of values, or how often it was asked while it has none.
        self._names: OrderedDict[tuple[bytes, tuple[int, ...] | None], bytes | int] = OrderedDict()
        self._numbers = itertools.count(1)
        #: Names that nobody uses any more.
        self._dropped: list[bytes] = []
        self._kinds: dict[str, Foresight] = {}
        self._foresight: Foresight | None = None
        self._socket = select.poll()
        self._socket.register(self._server.socket, select.POLLIN)

    def begin(self, kind: str = "", words: Sequence[object] = ()) -> None:
        """A unit of work begins; those of one `kind`, if it has one, ask much the same about their `words` (see `Foresight`).

        These only read, so that selects need no transaction: what is committed meanwhile they would see in one as well.
        """
        self._foresight = None
        if kind:
            self._foresight = self._kinds.setdefault(kind, Foresight())
            self._foresight.begin(words)

    @property
    def is_there(self) -> bool:
        """Whether the server still is: what comes of a connection that it gave up is the reason, and then the end."""
        with suppress(Error):
            while self._socket.poll(0):
                self._server.consume_input()
        return self._server.status == _OK

    def ask(self, question: Question) -> Answer:
        """See `ask`."""
        foresight = self._foresight
        if foresight is None:
            if self._server.transaction_status == _IDLE:
                self._say(b"BEGIN")
            return self._alone(question)
        if (answer := foresight.answer(question)) is not None:
            return answer
        if not (expected := foresight.expected(question)):
            return self._alone(question)
        if not (answers := self._together([question, *expected])):
            foresight.forget()
            return self._alone(question)
        foresight.keep(zip(expected, answers[1:], strict=True))
        return answers[0]

    def _alone(self, question: Question) -> Answer:
        given, types, formats, name = self._given(question)
        server = self._server
        result = (
            server.exec_params(question.sql, given, types, formats)
            if name is None
            else server.exec_prepared(name, given, formats)
        )
        if result.status != _ROWS:
            if name is not None:
                # Its tables may have changed, and with them what it gives.
                self._dropped.append(name)
                del self._names[question.sql, types]
            raise error_from_result(result)
        return self._answer(result)

    def _given(self, question: Question) -> tuple[Any, Any, Any, bytes | None]:
        """The values as PostgreSQL takes them, their types and formats, and the name of a statement that has one."""
        given = self._adapted.dump_sequence(question.values, [PyFormat.AUTO] * len(question.values))
        types, formats = self._adapted.types, self._adapted.formats
        return given, types, formats, self._name_of(question.sql, types) if question.keep else None

    def _answer(self, result: PGresult) -> Answer:
        self._adapted.set_pgresult(result)
        return self._adapted.load_rows(0, result.ntuples, tuple), result.ftype

    def _together(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers to several questions that are put at once; none if one of them fails, which is nobody's fault yet."""
        server, results = self._server, list[PGresult]()
        # What went wrong is told to those who ask by themselves then; of a lost connection it is the first.
        with suppress(Error):
            given = [(question.sql, *self._given(question)) for question in questions]
            server.enter_pipeline_mode()
            for sql, values, types, formats, name in given:
                if name is None:
                    server.send_query_params(sql, values, types, formats)
                else:
                    server.send_query_prepared(name, values, formats)
            server.pipeline_sync()
            while (result := self._next()) is None or result.status != ExecStatus.PIPELINE_SYNC:
                if result is not None:
                    results.append(result)
            server.exit_pipeline_mode()
        if len(results) == len(questions) and all(result.status == _ROWS for result in results):
            return [self._answer(result) for result in results]
        if server.transaction_status == TransactionStatus.INERROR:
            self._say(b"ROLLBACK")
            self._say(b"BEGIN")
        return []

    def _next(self) -> PGresult | None:
        """What comes next from the server, for which nobody else has to wait. None ends what one question gave."""
        server = self._server
        while server.flush():
            self._socket.poll(_SOON)
        while server.is_busy():
            self._socket.poll()
            server.consume_input()
        return server.get_result()

    def _name_of(self, sql: bytes, types: tuple[int, ...] | None) -> bytes | None:
        """The name of a statement that is asked often."""
        key = sql, types
        name = self._names.get(key, 0)
        if isinstance(name, bytes):
            self._names.move_to_end(key)
            return name
        if name < _OFTEN:
            self._names[key] = name + 1
            self._names.move_to_end(key)
            self._drop_oldest()
            return None
        while self._dropped:
            self._say(b"DEALLOCATE " + self._dropped.pop())
        new = b"trunkline_%d" % next(self._numbers)
        result = self._server.prepare(new, sql, types)
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
        self._names[key] = new
        return new

    def _drop_oldest(self) -> None:
        if len(self._names) > _KEPT:
            _key, name = self._names.popitem(last=False)
            if isinstance(name, bytes):
                self._dropped.append(name)

    def _say(self, command: bytes) -> None:
        result = self._server.exec_(command)
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
