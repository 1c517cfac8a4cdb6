"""A real LDAP directory (Debian's slapd) on a free loopback port, with a certificate of its own and a small company in it."""

import datetime
import ipaddress
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.services.loopback import PATIENCE, free_port
from tests.services.programs import PROGRAMS

BASE = "dc=example,dc=com"
#: The account that searches.
READER, READER_PASSWORD = f"cn=reader,{BASE}", "reads-people-and-groups"
#: Everybody's password in the directory.
SECRET = "in-the-directory-only-77"

# A password in the clear is refused, as a careful administrator has it; the reader may read all but passwords.
CONFIGURATION = """\
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include {home}/extra.schema
pidfile {home}/slapd.pid
TLSCACertificateFile {home}/ca.pem
TLSCertificateFile {home}/server.pem
TLSCertificateKeyFile {home}/server.key
TLSVerifyClient never
security simple_bind=128
database mdb
suffix "{base}"
rootdn "cn=admin,{base}"
rootpw {secret}
directory {home}/data
overlay ppolicy
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""

# Active Directory's own flag; its whole schema asks for more than a test needs.
SCHEMA = """\
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.77.1 NAME 'adAccount' SUP top AUXILIARY MAY userAccountControl )
"""

PEOPLE = f"""\
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {READER_PASSWORD}

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups

{{people}}
dn: cn=care,ou=groups,{BASE}
objectClass: groupOfNames
cn: care
member: uid=ana,ou=people,{BASE}
member: cn=shift,ou=groups,{BASE}
member: uid=gone,ou=people,{BASE}
member: uid=closed,ou=people,{BASE}
member: uid=mailless,ou=people,{BASE}
member: uid=clash,ou=people,{BASE}

dn: cn=shift,ou=groups,{BASE}
objectClass: groupOfNames
cn: shift
member: cn=night,ou=groups,{BASE}

dn: cn=night,ou=groups,{BASE}
objectClass: groupOfNames
cn: night
member: uid=bruno,ou=people,{BASE}
member: cn=shift,ou=groups,{BASE}

dn: cn=books,ou=groups,{BASE}
objectClass: groupOfNames
cn: books
member: uid=ana,ou=people,{BASE}
"""


def _person(uid: str, name: str, more: str = "", mail: str = "") -> str:
    address = f"mail: {mail or uid + '@example.com'}\n" if mail != "none" else ""
    return (
        f"dn: uid={uid},ou=people,{BASE}\nobjectClass: inetOrgPerson\nobjectClass: adAccount\nuid: {uid}\ncn: {name}\n"
        f"sn: {name.split()[-1]}\n{address}userPassword: {SECRET}\n{more}\n"
    )


_EVERYBODY = (
    _person("ana", "Ana Souza")
    + _person("bruno", "Bruno (Night) Lima")
    + _person("nobody", "No Group")
    + _person("gone", "Gone Away", "userAccountControl: 514\n")
    + _person("closed", "Closed Down", "pwdAccountLockedTime: 000001010000Z\n")
    + _person("mailless", "Mail Less", mail="none")
    + _person("clash", "Same Address", mail="boss@example.com")
)


@dataclass
class OpenLdap:
    """A running directory. `ca` is the certificate of the authority that its own one comes from, in PEM."""

    port: int
    ca: str
    home: Path
    program: str

    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """For StartTLS."""
        return f"ldap://localhost:{self.port}"

    def start(self) -> None:
        """Start it, or start it again on the same port. Raises RuntimeError when it does not come up, with its log."""
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    self.program,
                    "-f",
                    self.home / "slapd.conf",
                    "-h",
                    f"ldap://127.0.0.1:{self.port}",
                    "-d",
                    "0",
                ],
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    text = (self.home / "log").read_text()
                    raise RuntimeError(f"slapd does not start: {error}\n{text}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it; nobody answers from then on."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None

    def change(self, ldif: str) -> None:
        """Apply a change as its administrator, in LDIF."""
        import ldap3

        connection = ldap3.Connection(
            ldap3.Server("127.0.0.1", port=self.port, tls=ldap3.Tls(), get_info=ldap3.NONE),
            f"cn=admin,{BASE}",
            SECRET,
            raise_exceptions=True,
        )
        connection.open()
        connection.start_tls()
        connection.bind()
        dn, *changes = ldif.strip().splitlines()
        operations = {
            name: [(ldap3.MODIFY_REPLACE, [value])]
            for name, value in (line.split(": ", 1) for line in changes)
        }
        if operations:
            connection.modify(dn, operations)
        else:
            connection.delete(dn)
        connection.unbind()


@contextmanager
def openldap() -> Iterator[OpenLdap]:
    """Run slapd with people, nested groups and disabled accounts.

    Raises:
        RuntimeError: it is not installed or does not start; the message holds its log.
    """
    program = PROGRAMS["slapd"].path()
    if program is None:
        raise RuntimeError(f"slapd is not installed. {PROGRAMS['slapd'].remedy}")
    home = Path(tempfile.mkdtemp(prefix="trunkline-ldap-"))
    server: OpenLdap | None = None
    try:
        (home / "data").mkdir()
        (home / "extra.schema").write_text(SCHEMA)
        ca = _write_certificates(home)
        (home / "slapd.conf").write_text(
            CONFIGURATION.format(home=home, base=BASE, secret=SECRET, reader=READER)
        )
        (home / "people.ldif").write_text(PEOPLE.replace("{people}\n", _EVERYBODY))
        made = subprocess.run(
            [program, "-T", "add", "-f", home / "slapd.conf", "-l", home / "people.ldif"],
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise RuntimeError(f"slapadd failed: {made.stderr}")
        server = OpenLdap(free_port(), ca, home, program)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _write_certificates(home: Path) -> str:
    """An authority and the server's certificate for localhost; returns the authority's in PEM."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])

    def certificate(
        name: x509.Name, public: ec.EllipticCurvePublicKey, *, is_ca: bool
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )

    ca = certificate(authority, ca_key.public_key(), is_ca=True).sign(ca_key, hashes.SHA256())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    cert = (
        certificate(own, key.public_key(), is_ca=False)
        .add_extension(names, False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (home / "ca.pem").write_bytes(ca.public_bytes(pem))
    (home / "server.pem").write_bytes(cert.public_bytes(pem))
    (home / "server.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    )
    (home / "server.key").chmod(0o600)
    return ca.public_bytes(pem).decode()
