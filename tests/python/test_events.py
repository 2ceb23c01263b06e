"""What is sent comes back as it was."""

import json
from urllib.parse import urlencode
from urllib.request import urlopen

from support.cases import over_every_transport

BEYOND_ASCII = ["äöü €", "日本語", "👩‍👩‍👧", "\u0000\u001f\u2028\u2029", "\"\\/", "\uffff"]


class AnySerializer:
    """What holds for JSON and MessagePack alike."""

    def back(self, *args):
        """What an event brings back, which its acknowledgement has to as well."""
        client = self.connected()
        echo = client.hear("echo")
        client.emit("echo", args)
        back = echo.next()
        self.assertEqual(client.ask("echo", *args), back)
        return back

    def has_back(self, *args):
        back = self.back(*args)
        # Equal numbers and equal dictionaries need not be the same.
        self.assertEqual(repr(back), repr(args))

    def test_no_argument(self):
        self.has_back()

    def test_every_kind_of_value(self):
        self.has_back(None, True, False, 0, -1.5, 2.5e-300, 1.0, "", "text", [], {}, [[[1]]])

    def test_integers_of_all_sizes(self):
        self.has_back(127, -33, 65536, 2**32, 2**53 + 1, -(2**63), 2**64 - 1)

    def test_keys_in_their_order(self):
        self.has_back({"z": 1, "a": {"y": 2, "b": 3}, "m": 4})

    def test_text_beyond_ascii(self):
        self.has_back(*BEYOND_ASCII, {text: text for text in BEYOND_ASCII})

    def test_long_text(self):
        self.has_back("é" * 100_000)

    def test_one_binary_value(self):
        self.has_back(bytes([0, 1, 2, 253, 254, 255]))

    def test_an_empty_binary_value(self):
        self.has_back(b"")

    def test_much_binary_data(self):
        self.has_back(bytes(range(256)) * 1200)

    def test_binary_nested_among_other_values(self):
        inner = {"list": [1, {"deep": b"deep"}, "ü"], "top": b"top"}
        self.has_back(inner, "between", [[b"array"]], None)

    def test_nine_binary_values(self):
        self.has_back([bytes([i] * i) for i in range(9)])

    def test_text_and_binary_in_their_order(self):
        client = self.connected()
        echo = client.hear("echo")
        sent = [(i, b"%d" % i if i % 3 else f"{i} ä") for i in range(60)]
        for args in sent:
            client.emit("echo", args)
        self.assertEqual(echo.take(60), sent)

    def test_names_beyond_ascii(self):
        client = self.connected()
        for name in BEYOND_ASCII:
            heard = client.hear(name)
            client.ask("join", name)
            self.assertEqual(client.ask("rooms"), ([name],))
            client.ask("to", name, name, 1, b"2")
            self.assertEqual(heard.next(), (1, b"2"))
            client.ask("leave", name)


@over_every_transport
class Json(AnySerializer):
    def test_integers_beyond_64_bits(self):
        self.has_back(10**30)

    def test_what_looks_like_binary_and_is_not(self):
        self.has_back({"_placeholder": False, "num": 0})


@over_every_transport
class MessagePack(AnySerializer):
    profile = "clients-msgpack"
    options = {"serializer": "msgpack"}

    def test_more_binary_values_than_json_may_have(self):
        self.has_back([bytes([i]) for i in range(50)])

    def test_what_looks_like_binary_and_is_not(self):
        self.has_back({"_placeholder": True, "num": 0}, b"binary")


@over_every_transport
class Names:
    """Events whose names the client writes as `\\uXXXX`."""

    profile = "lab-socket"

    def test_have_the_name_that_was_meant(self):
        client = self.connected(namespaces=["/日本語"])
        sent = [[name, name] for name in BEYOND_ASCII]
        for name, arg in sent:
            client.emit(name, arg, "/日本語")
        client.settle("/日本語")
        query = urlencode({"id": client.get_sid("/日本語")})
        with urlopen(f"{self.server.url}/lab/socket?{query}") as response:
            events = json.load(response)["events"]
        self.assertEqual(events[: len(sent)], sent)
