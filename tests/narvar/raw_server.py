"""A server that says what it is told to, byte for byte: what no framework would let it say."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = "127.0.0.1"
Speech = Callable[[], Iterable[bytes]]


class Garbage(bytes):
    """Said past the encryption."""


@contextmanager
def raw_server(speech: Speech, *, certificate: Path | None = None) -> Iterator[str]:
    """Its address. Whoever asks it something is told its speech, and then it hangs up."""
    stopped = threading.Event()
    with socket.create_server((HERE, 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, speech, certificate, stopped))
        thread.start()
        scheme = "https" if certificate else "http"
        yield f"{scheme}://{HERE}:{listener.getsockname()[1]}"
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)  # closing alone would not wake the one who waits
        thread.join()


def _serve(
    listener: socket.socket, speech: Speech, certificate: Path | None, stopped: threading.Event
) -> None:
    try:
        with _accepted(listener, certificate) as caller:
            _hear(caller)
            for words in speech():
                if stopped.is_set():
                    return
                say = socket.socket.sendall if isinstance(words, Garbage) else type(caller).sendall
                say(caller, words)
    except OSError:
        return  # nobody came, or the caller is gone


def _accepted(listener: socket.socket, certificate: Path | None) -> socket.socket:
    caller, _ = listener.accept()
    if certificate is None:
        return caller
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context.wrap_socket(caller, server_side=True)


def _hear(caller: socket.socket) -> None:
    """The whole question: hanging up on its rest would tear up what we have said."""
    with caller.makefile("rb") as heard:
        length = 0
        while line := heard.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        heard.read(length)


def drip(head: bytes, rest: bytes) -> Iterator[bytes]:
    """The head at once, then the rest again and again, a byte at a time."""
    yield head
    while True:
        for byte in rest:
            time.sleep(0.02)
            yield bytes([byte])


def flood(head: bytes, rest: bytes) -> Iterator[bytes]:
    """As much and as fast as the hearer takes it."""
    yield head
    while True:
        yield rest


def self_signed(folder: Path) -> Path:
    """Key and certificate of this machine, for which nobody else vouches."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HERE)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / "server.pem"
    path.write_bytes(key.private_bytes(encoding, form, plain) + made.public_bytes(encoding))
    return path
