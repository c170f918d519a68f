"""Clients that misbehave: `rude.py SOCKET COUNT`. Each of COUNT threads does one of five things over
and over until the process is ended: sends too slowly, too much, nonsense, half of a request and
then nothing, or asks and never reads."""

import os
import socket
import sys
import threading
import time

PATH, COUNT = sys.argv[1], int(sys.argv[2])
NONSENSE = [
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /v1/status HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"POST /v1/accounts HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/accounts HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    b"POST /v1/accounts HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 7\r\n\r\n{}",
    b"GET /v1/accounts/%ff%00%2e%2e/token?wait=99999999999999999999 HTTP/1.1\r\n\r\n",
    b"POST /v1/explain HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 40\r\n\r\n"
    + b"[" * 40,
]


def slow(client):
    for byte in b"GET /v1/status HTTP/1.1\r\nhost: " + b"x" * 1000:
        client.sendall(bytes([byte]))
        time.sleep(0.3)


def huge(client):
    client.sendall(b"GET /v1/status HTTP/1.1\r\nlong: " + b"x" * 65536 + b"\r\n\r\n")
    client.recv(65536)


def huge_body(client):
    client.sendall(b"POST /v1/accounts HTTP/1.1\r\ncontent-length: 3000000\r\n\r\n")
    client.sendall(b"1" * 3000000)
    client.recv(65536)


def nonsense(client):
    for text in (os.urandom(300), NONSENSE[int.from_bytes(os.urandom(1)) % len(NONSENSE)]):
        client.sendall(text)
    client.recv(65536)


def half_open(client):
    client.sendall(b"POST /v1/accounts HTTP/1.1\r\ncontent-length: 900\r\n\r\n{")
    if os.urandom(1) < b"\x80":
        client.shutdown(socket.SHUT_WR)
    while client.recv(65536):
        pass


def deaf(client):
    if os.urandom(1) < b"\x80":
        client.sendall(b"GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n")
    else:
        client.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * 200)
    time.sleep(3600)


def again_and_again(manner):
    while True:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(3600)
            try:
                client.connect(PATH)
                manner(client)
            except OSError:
                pass
        time.sleep(0.1)


MANNERS = [slow, huge, nonsense, half_open, deaf, huge_body]
for number in range(COUNT):
    manner = MANNERS[number % len(MANNERS)]
    threading.Thread(target=again_and_again, args=[manner], daemon=True).start()
print("ready", flush=True)
time.sleep(3600)
