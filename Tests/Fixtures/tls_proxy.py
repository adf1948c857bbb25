"""TLS in front of a server that has none, on the loopback: what comes is sent on to the port that is the first argument. The
first line says this proxy's own port, and the file of the authority that has signed its certificate."""
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

folder = tempfile.mkdtemp()
key, authority = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", authority],
               check=True, stderr=subprocess.DEVNULL)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(authority, key)


def pump(source, target):
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(plain):
    try:
        secure = context.wrap_socket(plain, server_side=True)
        server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        plain.close()
        return
    threading.Thread(target=pump, args=(server, secure), daemon=True).start()
    pump(secure, server)


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], authority, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
