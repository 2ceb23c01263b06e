"""Test cases that have a server."""

import os
import sys
import unittest

from .clients import TRANSPORTS, Client
from .server import Server

# Whatever proxy this machine is behind, the server is on it.
os.environ["no_proxy"] = "127.0.0.1"


class ServerCase(unittest.TestCase):
    """Has a server of its own, and clients that end with their test."""

    profile = "clients"
    env = {}
    options = {}
    transports = TRANSPORTS["upgrade"]

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.profile, cls.env)
        cls.addClassCleanup(cls.server.stop)

    def tearDown(self):
        self.assertTrue(self.server.is_running(), "the server has ended")

    def client(self, **options):
        """A client that is not connected yet."""
        client = Client(**self.options, **options)
        self.addCleanup(client.close)
        return client

    def connect(self, client, path="", **options):
        """Connects a client; returns it where it is done upgrading."""
        client.connect(self.server.url + path, transports=self.transports, **options)
        self.assertEqual(client.transport(), self.transports[-1])
        return client

    def connected(self, **options):
        return self.connect(self.client(), **options)


def over_every_transport(tests):
    """Gives the module a test case for every way to reach the server.

    `tests` is a class that is no test case by itself.
    """
    module = sys.modules[tests.__module__]
    for name, transports in TRANSPORTS.items():
        content = {"__module__": module.__name__, "transports": transports}
        case = type(f"{tests.__name__}Over{name.title()}", (tests, ServerCase), content)
        setattr(module, case.__name__, case)
    return tests
