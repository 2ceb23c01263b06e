"""The end of a connection, the next one, and the heartbeat between."""

import json
import logging
from urllib.parse import urlencode
from urllib.request import urlopen

from support.cases import over_every_transport
from support.clients import Heard
from support.server import Server


@over_every_transport
class Endings:
    def test_tells_the_client_that_it_disconnected(self):
        client = self.client()
        gone = client.hear("disconnect")
        self.connect(client).disconnect()
        self.assertEqual(gone.next(), (client.reason.CLIENT_DISCONNECT,))

    def test_of_one_namespace_keeps_the_other(self):
        client = self.connected(namespaces=["/", "/custom"])
        gone = client.hear("disconnect", "/custom")
        client.emit("bye", namespace="/custom")
        self.assertEqual(gone.next(), (client.reason.SERVER_DISCONNECT,))
        self.assertEqual(client.ask("echo", "still here"), ("still here",))

    def test_of_the_whole_connection_tells_every_namespace(self):
        client = self.connected(namespaces=["/", "/custom"])
        gone = [client.hear("disconnect", name) for name in ["/", "/custom"]]
        client.emit("bye", True)
        # The thread that reads a websocket may see its end before another one has
        # handled what came ahead of it.
        reasons = {client.reason.SERVER_DISCONNECT}
        if self.transports[-1] == "websocket":
            reasons.add(client.reason.TRANSPORT_ERROR)
        for heard in gone:
            self.assertIn(*heard.next(), reasons)

    def test_does_not_keep_a_client_from_connecting_again(self):
        client = self.connected()
        first = client.get_sid()
        client.disconnect()
        self.connect(client)
        self.assertNotEqual(client.get_sid(), first)
        self.assertEqual(client.ask("echo", "back"), ("back",))


@over_every_transport
class Drops:
    names = ["/", "/guarded"]

    def test_bring_the_client_back_to_its_namespaces(self):
        client = self.client(reconnection=True)
        self.connect(client, namespaces=self.names, auth={"token": "secret"})
        first = [client.get_sid(name) for name in self.names]
        gone = [client.hear("disconnect", name) for name in self.names]
        back = [client.hear("connect", name) for name in self.names]
        client.emit("drop")
        (reason,) = gone[0].next()
        self.assertEqual(gone[1].next(), (reason,))
        if self.transports == ["polling"] and reason == client.reason.SERVER_DISCONNECT:
            # It was polling just then, and stays away after the packet `close`.
            client.eio.wait()
            self.connect(client, namespaces=self.names, auth={"token": "secret"})
        else:
            self.assertEqual(reason, client.reason.TRANSPORT_ERROR)
        for heard in back:
            heard.next()
        for name, before in zip(self.names, first):
            self.assertNotEqual(client.get_sid(name), before)
            self.assertEqual(client.ask("echo", b"back", namespace=name), (b"back",))
        self.assertEqual(client.transport(), self.transports[-1])


class DropsInMessagePack(Drops):
    profile = "clients-msgpack"
    options = {"serializer": "msgpack"}


over_every_transport(DropsInMessagePack)


@over_every_transport
class Losses:
    def test_of_a_server_bring_the_client_to_the_next_one(self):
        first = Server(self.profile, {})
        self.addCleanup(first.stop)
        url = first.url
        client = self.client(reconnection=True)
        gone = client.hear("disconnect")
        client.connect(lambda: url, transports=self.transports)
        back = client.hear("connect")
        url = self.server.url
        first.stop()
        self.assertEqual(gone.next(), (client.reason.TRANSPORT_ERROR,))
        back.next()
        self.assertEqual(client.ask("echo", b"back"), (b"back",))


@over_every_transport
class Disconnects:
    """What the server sees of a client's end."""

    profile = "lab-socket"

    def test_are_seen_by_the_server(self):
        client = self.connected()
        query = urlencode({"id": client.get_sid()})
        client.disconnect()
        # The server gives no sign when it sees that a connection is closed.
        while (report := self.report(query))["state"] == "connected":
            pass
        self.assertEqual(report["state"], "disconnected")
        # A websocket may be closed before the packet that says so is written.
        reasons = ["client namespace disconnect"]
        if self.transports[-1] == "websocket":
            reasons += ["transport close"]
        self.assertIn(report["reason"], reasons)

    def report(self, query):
        with urlopen(f"{self.server.url}/lab/socket?{query}") as response:
            return json.load(response)


@over_every_transport
class Heartbeats:
    env = {"PING_INTERVAL": "50"}

    def test_are_answered(self):
        pings = Heard()
        log = logging.Logger("engine")
        log.addFilter(lambda record: "Received packet PING" in record.getMessage() and pings.put())
        client = self.connect(self.client(engineio_logger=log))
        # The next one comes only when the one before was answered.
        pings.take(3)
        self.assertEqual(client.ask("echo", "alive"), ("alive",))
