# What the Milvus services share.
# shellcheck shell=bash disable=SC2034,SC2154

prepare() { make_data_folder; }

connect_line() { echo "connect milvus to milvus://127.0.0.1:$(<"$place/port")"; }

# Python that runs a server which binds every address in a network of its own, and carries one port of that to this
# machine's loopback. All that the server starts ends with it.
alone='
import asyncio, ctypes, fcntl, os, signal, socket, struct, subprocess, sys

outer, inner, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
listener = socket.create_server(("127.0.0.1", outer), backlog=64)
user, group = os.getuid(), os.getgid()
NEW_MOUNTS, NEW_USER, NEW_NETWORK = 0x20000, 0x10000000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(NEW_MOUNTS | NEW_NETWORK | (NEW_USER if user else 0)):
    sys.exit("it binds every address, and gets no network of its own: " + os.strerror(ctypes.get_errno()))
if user:
    for name, text in ("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1"):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
# Its /run too: there may be one server of this kind in each.
PRIVATE = 1 << 14 | 1 << 18
libc.mount(None, b"/", None, PRIVATE, None)
libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, b"mode=0777")
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14s", b"lo", 0x41, b""))
server = subprocess.Popen(command, preexec_fn=lambda: libc.prctl(1, signal.SIGKILL))

async def carry(source, sink):
    try:
        while data := await source.read(1 << 18):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    sink.close()

async def connect(reader, writer):
    try:
        remote_reader, remote_writer = await asyncio.open_connection("127.0.0.1", inner)
    except OSError:
        return writer.close()
    await asyncio.gather(carry(reader, remote_writer), carry(remote_reader, writer))

async def serve():
    for number in signal.SIGTERM, signal.SIGINT:
        asyncio.get_running_loop().add_signal_handler(number, server.send_signal, signal.SIGINT)
    await asyncio.start_server(connect, sock=listener)
    while server.poll() is None:
        await asyncio.sleep(0.1)

asyncio.run(serve())
sys.exit(server.returncode)
'
