# SPDX-License-Identifier: BSD-2-Clause
# A server for one connection, on IPv4 or IPv6 (argument 4 or 6): prints its port, reads to the end,
# sends all of it back and behind it the number of bytes.
import socket
import sys

six = sys.argv[1] == '6'
server = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
server.bind(('::1' if six else '127.0.0.1', 0))
server.listen()
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
data = b''
while part := peer.recv(65536):
    data += part
peer.sendall(data + b'%d\n' % len(data))
