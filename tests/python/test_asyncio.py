"""The client for asyncio, as it is, over polling upgraded to websocket."""

import asyncio
from unittest import IsolatedAsyncioTestCase

import socketio
from support.cases import ServerCase
from support.clients import DEADLINE, OPTIONS


class AnySerializer:
    async def connected(self, **options):
        client = socketio.AsyncClient(**OPTIONS, **self.options)
        self.addAsyncCleanup(client.disconnect)
        await client.connect(
            self.server.url, transports=self.transports, wait_timeout=DEADLINE, **options
        )
        self.assertEqual(client.transport(), "websocket")
        return client

    async def test_has_back_what_it_sends(self):
        client = await self.connected(namespaces=["/", "/custom"])
        echo = hear(client, "echo")
        args = ("日本語", {"a": [b"1", {"b": b""}]}, None)
        await client.emit("echo", args)
        self.assertEqual(await soon(echo.get()), args)
        self.assertEqual(await client.call("echo", args, "/custom"), args)

    async def test_acknowledges_the_events_of_the_server(self):
        client = await self.connected()

        async def answer(data):
            return {"back": [data]}, "größer"

        client.on("question", answer)
        result = hear(client, "call-result")
        await client.emit("call", ("question", b"data"))
        self.assertEqual(
            await soon(result.get()), ({"ok": True, "reply": [{"back": [b"data"]}, "größer"]},)
        )

    async def test_comes_back_after_a_drop(self):
        client = await self.connected()
        first = client.get_sid()
        back = hear(client, "connect")
        await client.emit("drop")
        await soon(back.get())
        self.assertNotEqual(client.get_sid(), first)
        self.assertEqual(await client.call("echo", "back"), "back")

    async def test_is_told_that_the_server_disconnects_it(self):
        for close in [False, True]:
            client = await self.connected()
            gone = hear(client, "disconnect")
            await client.emit("bye", close)
            self.assertEqual(await soon(gone.get()), (client.reason.SERVER_DISCONNECT,))


class Json(AnySerializer, ServerCase, IsolatedAsyncioTestCase):
    pass


class MessagePack(AnySerializer, ServerCase, IsolatedAsyncioTestCase):
    profile = "clients-msgpack"
    options = {"serializer": "msgpack"}


def hear(client, event):
    """The arguments of every event of this name, from now on."""
    came = asyncio.Queue()

    async def put(*args):
        await came.put(args)

    client.on(event, put)
    return came


def soon(awaitable):
    return asyncio.wait_for(awaitable, DEADLINE)
