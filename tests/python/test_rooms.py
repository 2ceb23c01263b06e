"""Rooms and broadcasts."""

from support.cases import over_every_transport

NEWS = (1, {"text": "zwei ü"}, b"three")


class AnySerializer:
    def connected_many(self, count):
        clients = [self.connected() for _ in range(count)]
        return clients, [client.hear("news") for client in clients]

    def came(self, clients, heard):
        """What each heard of all that was sent before this."""
        for client in clients:
            client.settle()
        return [news.rest() for news in heard]

    def test_joins_and_leaves(self):
        client = self.connected()
        self.assertEqual(client.ask("rooms"), ([],))
        for room in ["b", "ä", "ä"]:
            self.assertEqual(client.ask("join", room), ("ok",))
        self.assertEqual(client.ask("rooms"), (["b", "ä"],))
        client.ask("leave", "b")
        self.assertEqual(client.ask("rooms"), (["ä"],))

    def test_members_alone_have_what_is_sent_to_a_room(self):
        clients, heard = self.connected_many(4)
        sender, member, gone, _ = clients
        for client in [sender, member, gone]:
            client.ask("join", "lobby")
        gone.ask("leave", "lobby")
        sender.ask("to", "lobby", "news", *NEWS)
        self.assertEqual(self.came(clients, heard), [[NEWS], [NEWS], [], []])

    def test_members_of_another_room_can_be_left_out(self):
        clients, heard = self.connected_many(3)
        sender, member, muted = clients
        for client in [member, muted]:
            client.ask("join", "all")
        muted.ask("join", "silent")
        sender.ask("to-except", "all", "silent", "news", *NEWS)
        self.assertEqual(self.came(clients, heard), [[], [NEWS], []])

    def test_broadcasts_to_everyone_else(self):
        clients, heard = self.connected_many(3)
        clients[0].ask("bcast", "news", *NEWS)
        self.assertEqual(self.came(clients, heard), [[], [NEWS], [NEWS]])


@over_every_transport
class Json(AnySerializer):
    pass


@over_every_transport
class MessagePack(AnySerializer):
    profile = "clients-msgpack"
    options = {"serializer": "msgpack"}
