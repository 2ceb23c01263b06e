"""Namespaces, and who is let in."""

import socketio
from support.cases import over_every_transport

SECRET = {"token": "secret"}
REFUSAL = {"message": "unauthorized", "data": {"code": 401, "hint": "token"}}


class AnySerializer:
    def test_are_several_over_one_connection(self):
        client = self.client()
        names = ["/", "/custom", "/guarded"]
        echoes = [client.hear("echo", name) for name in names]
        self.connect(client, namespaces=names, auth=SECRET)
        self.assertEqual(len({client.get_sid(name) for name in names}), 3)
        for name in names:
            client.emit("echo", (name, name.encode()), name)
        for name, echo in zip(names, echoes):
            client.settle(name)
            self.assertEqual(echo.rest(), [(name, name.encode())])

    def test_need_not_be_the_main_one(self):
        client = self.connected(namespaces=["/custom"])
        self.assertIsNone(client.get_sid("/"))
        self.assertEqual(client.ask("echo", "ü", namespace="/custom"), ("ü",))

    def test_keep_their_rooms_apart(self):
        client = self.connected(namespaces=["/", "/custom"])
        heard = [client.hear("news", name) for name in ["/", "/custom"]]
        for name in ["/", "/custom"]:
            client.ask("join", "lobby", namespace=name)
        client.ask("to", "lobby", "news", 1, namespace="/custom")
        client.settle("/")
        self.assertEqual([news.rest() for news in heard], [[], [(1,)]])

    def test_refuse_with_a_message_and_data(self):
        for auth in [None, {"token": "wrong ü"}]:
            client = self.client()
            error = client.hear("connect_error", "/guarded")
            with self.assertRaisesRegex(socketio.exceptions.ConnectionError, "/guarded"):
                self.connect(client, namespaces=["/guarded"], auth=auth)
            self.assertEqual(error.next(), (REFUSAL,))

    def test_refuse_and_leave_the_others_alone(self):
        client = self.client()
        connected = client.hear("connect")
        errors = [client.hear("connect_error", name) for name in ["/guarded", "/unknown"]]
        self.connect(client, namespaces=["/guarded", "/", "/unknown"], wait=False)
        self.assertEqual(errors[0].next(), (REFUSAL,))
        self.assertEqual(errors[1].next(), ({"message": "Invalid namespace"},))
        connected.next()
        self.assertEqual(client.ask("echo", 1), (1,))

    def test_know_auth_query_and_headers(self):
        auth = {"token": "geheim ü", "nested": {"n": [1]}}
        headers = {"X-Client": "tests", "Cookie": "a=b; c=d"}
        query = "?projectId=7&text=a%20b%26c%3Dd%2F%C3%BC"
        client = self.connect(self.client(), query, auth=auth, headers=headers)
        (handshake,) = client.ask("handshake")
        self.assertEqual(handshake["auth"], auth)
        self.assertEqual(handshake["query"]["projectId"], "7")
        self.assertEqual(handshake["query"]["text"], "a b&c=d/ü")
        self.assertEqual(handshake["query"]["transport"], self.transports[0])
        self.assertEqual(handshake["headers"]["x-client"], "tests")
        self.assertEqual(handshake["headers"]["cookie"], "a=b; c=d")


@over_every_transport
class Json(AnySerializer):
    pass


@over_every_transport
class MessagePack(AnySerializer):
    profile = "clients-msgpack"
    options = {"serializer": "msgpack"}
