"""pytest plugin for Trunkline and for anybody's plugins: a migrated system per test, clients, and a worker to run by hand.

Fixtures: `app`, `client`, `staff`, `ctx`. `app` runs on SQLite, and on PostgreSQL too for tests marked `both_databases`, when
the variable `TRUNKLINE_TEST_POSTGRES` names a server. Tests sign in hundreds of times and lose power never, so passwords are
hashed the cheapest way and SQLite does not wait for the disk.
"""

import fcntl
import os
import secrets as random
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Dialect, Engine, make_url
from sqlalchemy.util import LRUCache
from sqlmodel import select
from starlette import routing
from starlette.testclient import TestClient

from trunkline.app import App
from trunkline.auth.passwords import Hashing, hashing_with
from trunkline.clock import Clock, utc_now
from trunkline.config import BUNDLED_PLUGINS, Config
from trunkline.db.engine import Database
from trunkline.jobs.idle import work_until_idle as work_until_idle
from trunkline.operation import Actor, ActorKind, Context

PASSWORD = "correct horse battery staple"  # noqa: S105 — of test users only
_POSTGRES = "TRUNKLINE_TEST_POSTGRES"


def pytest_configure(config: pytest.Config) -> None:
    global _shared
    _shared = ExitStack()
    config.addinivalue_line("markers", "plugins(*names): enable these plugins instead of every bundled one")
    config.addinivalue_line("markers", "both_databases: run on SQLite and on PostgreSQL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("both_databases") is not None
        kinds = [pytest.param("sqlite")] + (
            [pytest.param("postgres", marks=pytest.mark.postgres)] if marked else []
        )
        metafunc.parametrize("database_kind", kinds, scope="function")


@dataclass(frozen=True)
class _Template:
    """A migrated, empty database to copy from."""

    kind: str
    place: str


_templates: dict[tuple[str, tuple[str, ...]], _Template] = {}


@pytest.fixture(scope="session")
def template_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where templates and their names are kept; the workers of pytest-xdist share it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "trunkline-templates"
    folder.mkdir(exist_ok=True)
    return folder


def _config(folder: Path, database: str, plugins: tuple[str, ...], **values: Any) -> Config:
    return Config(
        data=folder,
        database=database,
        plugins=plugins,
        strict_plugins=True,
        time_zone="America/Sao_Paulo",
        **values,
    )


def _migrated(kind: str, plugins: tuple[str, ...], folder: Path) -> _Template:
    if (kind, plugins) not in _templates:
        home = folder / "-".join((kind, *plugins))
        home.mkdir(exist_ok=True)
        made = home / "made"
        # The worker that comes first migrates; whoever comes meanwhile waits for it.
        with (home / "lock").open("w") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            if not made.exists():
                made.write_text(_migrate(kind, plugins, home))
        _templates[kind, plugins] = _Template(kind, made.read_text())
    return _templates[kind, plugins]


def _migrate(kind: str, plugins: tuple[str, ...], home: Path) -> str:
    """Make a template; returns where it is, a path or the name of a database."""
    from trunkline.jobs.wake import Silent
    from trunkline.setup import prepare

    if kind == "sqlite":
        place = str(home / "trunkline.db")
        url = f"sqlite:///{place}"
    else:
        place = f"template_{random.token_hex(6)}"
        url = _make_postgres(place, "template0")
    app = App.start(_config(home, url, plugins), waker=Silent())
    prepare(app)
    app.close()
    if kind == "sqlite":
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        engine.dispose()
    return place


def _server() -> str:
    return os.environ[_POSTGRES]


@contextmanager
def _administering() -> Iterator[Connection]:
    """A connection that is kept for the length of the run: making one takes longer than dropping a database."""
    server = _server()
    if server not in _administrators:
        _administrators[server] = create_engine(server, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
    with _administrators[server].connect() as connection:
        yield connection


#: By the server's address.
_administrators: dict[str, Engine] = {}


def _make_postgres(name: str, template: str) -> str:
    with _administering() as connection:
        # Copying the files takes two thirds of what writing their pages to the log takes; before 15 it is the only way.
        how = "STRATEGY file_copy" if (connection.dialect.server_version_info or ()) >= (15,) else ""
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {how}'))
    return make_url(_server()).set(database=name).render_as_string(hide_password=False)


def _drop_postgres(name: str) -> None:
    with _administering() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@pytest.fixture
def database_url(
    database_kind: str, request: pytest.FixtureRequest, template_folder: Path, tmp_path: Path
) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    plugins = enabled_plugins(request)
    if database_kind == "postgres" and _POSTGRES not in os.environ:
        pytest.skip(f"needs PostgreSQL: run `./run test`, or set {_POSTGRES}")
    template = _migrated(database_kind, plugins, template_folder)
    if database_kind == "sqlite":
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        shutil.copyfile(template.place, data / "trunkline.db")
        yield f"sqlite:///{data / 'trunkline.db'}"
        return
    name = f"test_{random.token_hex(6)}"
    yield _make_postgres(name, template.place)
    _drop_postgres(name)


def enabled_plugins(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What the test's `plugins` marker asks for."""
    marker = request.node.get_closest_marker("plugins")
    return tuple(marker.args) if marker else BUNDLED_PLUGINS


@pytest.fixture
def config(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The configuration of the system under test; override it to change a key."""
    return _config(tmp_path / "data", database_url, enabled_plugins(request))


@pytest.fixture
def clock() -> Clock:
    """The system's clock; override it to stand still or to live in another month."""
    return utc_now


@pytest.fixture
def app(config: Config, clock: Clock) -> Iterator[App]:
    """A whole system with nobody working its jobs; see `work_until_idle`."""
    from trunkline.jobs.wake import Silent

    app = App.start(config, clock=clock, waker=Silent())
    _hasten(app.database)
    yield app
    app.close()


#: Statements as SQL by kind of database, and the dialect that wrote them, without which they would not be found again.
_written: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


def _hasten(database: Database) -> None:
    """Have it use the statements that earlier tests compiled: that takes most of a page's first request."""
    engine = database.engine
    if database.is_sqlite:
        event.listen(engine, "connect", _never_wait_for_the_disk)
    if engine.name not in _written:
        # Only a dialect that was connected once knows its server.
        engine.connect().close()
        _written[engine.name] = engine.dialect, LRUCache(4000)
    engine.dialect, kept = _written[engine.name]
    engine.update_execution_options(compiled_cache=kept)


def _never_wait_for_the_disk(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashing() -> Iterator[None]:
    """Passwords are hashed with 64 KiB in one pass; a test of the real parameters says `hashing_with(Hashing())`."""
    with hashing_with(Hashing(memory_kib=64, passes=1)):
        yield


@pytest.fixture(scope="session", autouse=True)
def _paths_compiled_once() -> Iterator[None]:
    """Hundreds of paths are the same in every system's routes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routing, "compile_path", cache(routing.compile_path))
        yield


@pytest.fixture
def ctx(app: App) -> Iterator[Context]:
    """A unit of work as the system, committed at the end of the test. Use `app.unit_of_work()` where a test needs several."""
    with app.unit_of_work() as ctx:
        yield ctx


def actor_with(*permissions: str, name: str = "Tester") -> Actor:
    """A staff actor with just these permissions."""
    return Actor(ActorKind.STAFF, None, name, frozenset(permissions))


class Browser(TestClient):
    """An HTTP client that signs in and fills forms as a browser would.

    All share one event loop with its threads; a client that is entered (`with Browser(…)`) gets a loop of its own.
    """

    @contextmanager
    def _portal_factory(self) -> Generator[BlockingPortal, None, None]:
        with (
            super()._portal_factory() if self.portal or _shared is None else _shared_portal(_shared) as portal
        ):
            yield portal

    def csrf(self, path: str = "/") -> str:
        """The CSRF token of the page at `path`."""
        return _token_in(self.get(path).text)

    def sign_in(self, email: str, password: str = PASSWORD) -> "Browser":
        """Sign in by the form; fails the test when that does not work."""
        response = self.submit("/sign-in", {"email": email, "password": password}, follow_redirects=False)
        assert response.status_code == 303, response.text
        return self

    def submit(
        self, path: str, fields: dict[str, Any] | None = None, *, page: str | None = None, **options: Any
    ) -> Any:
        """Post a form with the CSRF token of `page` (default: the same address, else the start page)."""
        shown = self.get(page or path)
        if shown.status_code >= 400:
            shown = self.get("/")
        return self.post(path, data={"csrf_token": _token_in(shown.text), **(fields or {})}, **options)


#: Holds the loop that all clients share, for the length of the pytest run.
_shared: ExitStack | None = None
_portal: BlockingPortal | None = None


@contextmanager
def _shared_portal(shared: ExitStack) -> Iterator[BlockingPortal]:
    global _portal
    if _portal is None:
        _portal = shared.enter_context(start_blocking_portal())
    yield _portal


def pytest_unconfigure(config: pytest.Config) -> None:
    global _shared, _portal
    for engine in _administrators.values():
        engine.dispose()
    _administrators.clear()
    if _shared is not None:
        _shared.close()
    _shared = _portal = None


def _token_in(html: str) -> str:
    import re

    found = re.search(r'name="csrf_token" value="([^"]+)"', html) or re.search(
        r'"X-CSRF-Token":\s*"([^"]+)"', html
    )
    if found is None:
        found = re.search(r"X-CSRF-Token&#34;:\s*&#34;([0-9a-f]+)", html)
    assert found is not None, "the page carries no CSRF token"
    return found.group(1)


@pytest.fixture
def make_client(app: App) -> Callable[[], Browser]:
    """Makes clients of their own cookies."""
    from trunkline.web.app import make_web

    # Most tests ask for pages only, and the REST application takes longer to make than all else.
    web = make_web(app, rest_later=True)
    return lambda: Browser(web, base_url="http://testserver", raise_server_exceptions=True)


@pytest.fixture
def client(make_client: Callable[[], Browser]) -> Browser:
    """A client that is not signed in."""
    return make_client()


@pytest.fixture
def program(app: App, make_client: Callable[[], Browser]) -> Callable[..., Browser]:
    """`program("auditor")` is a REST client with the token of a new user with those roles; `program()` of an administrator."""

    def make(*roles: str) -> Browser:
        email = f"{'-'.join(roles) or 'administrator'}-{random.token_hex(3)}@example.com"
        create_user(app, email, *(roles or ("administrator",)))
        client = make_client()
        answer = client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    return make


@pytest.fixture
def staff(app: App, make_client: Callable[[], Browser]) -> Callable[..., Browser]:
    """`staff("customer_care")` is a client signed in as a new user with those roles; `staff()` is an administrator."""

    def make(*roles: str) -> Browser:
        email = f"{'-'.join(roles) or 'administrator'}-{random.token_hex(3)}@example.com"
        create_user(app, email, *(roles or ("administrator",)))
        return make_client().sign_in(email)

    return make


def create_user(app: App, email: str, *roles: str, customer_id: int | None = None) -> int:
    """A user who can sign in with `PASSWORD`; with `customer_id` a portal user. Returns the key."""
    from trunkline.access.models import Role, UserRole
    from trunkline.auth.models import User, UserKind, UserStatus

    with app.unit_of_work() as ctx:
        kind = UserKind.STAFF if customer_id is None else UserKind.PORTAL
        user = User(
            email=email,
            name=email.split("@")[0].title(),
            kind=kind,
            customer_id=customer_id,
            status=UserStatus.ACTIVE,
        )
        user.password_hash = _password_hash()
        ctx.session.add(user)
        ctx.session.flush()
        for name in roles:
            role = ctx.session.scalars(select(Role).where(Role.name == name)).one()
            ctx.session.add(UserRole(user_id=user.key, role_id=role.key))
        return user.key


_hash = ""


def _password_hash() -> str:
    global _hash
    if not _hash:
        from trunkline.auth.passwords import hashing

        _hash = hashing().hash(PASSWORD)
    return _hash
