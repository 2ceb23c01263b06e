"""Acknowledgements, both ways."""

from support.cases import over_every_transport
from support.clients import Heard


class AnySerializer:
    def test_has_its_events_acknowledged_with_every_argument(self):
        client = self.connected()
        for args in [(), (None,), (1, "zwei", {"drei": [3]}), (b"1", {"2": [b"3", "ü"]})]:
            self.assertEqual(client.ask("echo", *args), args)

    def test_waits_for_an_acknowledgement(self):
        client = self.connected()
        self.assertIsNone(client.call("echo"))
        self.assertEqual(client.call("echo", b"one"), b"one")
        self.assertEqual(client.call("echo", ("one", "two")), ("one", "two"))

    def test_has_the_acknowledgements_of_events_sent_at_once(self):
        client = self.connected()
        answers = []
        for number in range(100):
            answers.append(Heard())
            client.emit("echo", number, callback=answers[-1].put)
        self.assertEqual([answer.next() for answer in answers], [(i,) for i in range(100)])

    def test_acknowledges_the_events_of_the_server(self):
        client = self.connected()
        client.on("question", lambda a, b: ("größer", {"sum": a + b}))
        result = client.hear("call-result")
        client.emit("call", ("question", 2, 3))
        self.assertEqual(result.next(), ({"ok": True, "reply": ["größer", {"sum": 5}]},))

    def test_acknowledges_the_events_of_the_server_with_binary(self):
        client = self.connected()
        client.on("question", lambda data: ({"back": [data]}, b"more"))
        result = client.hear("call-result")
        client.emit("call", ("question", b"data"))
        self.assertEqual(result.next(), ({"ok": True, "reply": [{"back": [b"data"]}, b"more"]},))

    def test_acknowledges_with_nothing(self):
        client = self.connected()
        question = client.hear("question")
        result = client.hear("call-result")
        client.emit("call", ("question", 1))
        self.assertEqual(question.next(), (1,))
        self.assertEqual(result.next(), ({"ok": True, "reply": []},))


@over_every_transport
class Json(AnySerializer):
    pass


@over_every_transport
class MessagePack(AnySerializer):
    profile = "clients-msgpack"
    options = {"serializer": "msgpack"}
