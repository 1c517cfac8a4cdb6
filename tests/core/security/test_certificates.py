"""Nobody is believed who shows a certificate that no authority vouches for (OWASP ASVS 5.0, 12.3.2)."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from trunkline.app import App
from trunkline.config import Config, MailConfig
from trunkline.errors import Unavailable
from trunkline.mail.transports import SmtpTransport
from trunkline.outbound import send


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1 that it issued to itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A port behind which somebody speaks TLS with such a certificate, and what they were told in confidence."""
    context, heard = own_certificate(tmp_path), list[bytes]()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    plain, _address = listening.accept()
                except OSError:
                    return
                with plain:
                    try:
                        with context.wrap_socket(plain, server_side=True) as secured:
                            secured.sendall(b"220 tell me\r\n")
                            heard.append(secured.recv(1000))
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def test_no_webhook_or_other_call_goes_to_a_certificate_that_nobody_vouches_for(
    stranger: tuple[int, list[bytes]],
) -> None:
    port, heard = stranger
    config = Config(outbound_networks=("127.0.0.0/8",))
    with pytest.raises(Unavailable):
        send(config, "POST", f"https://127.0.0.1:{port}/", body=b"customers", headers={})
    assert not any(heard)


def test_no_mail_goes_to_such_a_server(stranger: tuple[int, list[bytes]]) -> None:
    port, heard = stranger
    mail = MailConfig(host="127.0.0.1", port=port, security="tls", user="trunkline", password="secret-77")
    with pytest.raises(Unavailable, match="certificate"):
        SmtpTransport(mail).send(EmailMessage())
    assert not any(heard)


@pytest.mark.plugins("oidc")
def test_no_identity_provider_is_believed_with_such_a_certificate(
    app: App, stranger: tuple[int, list[bytes]]
) -> None:
    from trunkline_oidc.discovery import Discovery
    from trunkline_oidc.settings import OidcSettings

    port, heard = stranger
    settings = OidcSettings(issuer=f"https://127.0.0.1:{port}", client_id="trunkline")
    with pytest.raises(Unavailable, match="certificate"):
        Discovery(app).of(settings)
    assert not any(heard)
