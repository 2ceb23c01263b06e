"""The client under test, the ways it reaches the server, and what it hears."""

import queue
from concurrent.futures import ThreadPoolExecutor

import engineio
import socketio

# Seconds. It only ever ends a failing test.
DEADLINE = 30

TRANSPORTS = {
    "polling": ["polling"],
    "websocket": ["websocket"],
    "upgrade": ["polling", "websocket"],
}

# How all clients are made, those of asyncio too.
OPTIONS = {
    "reconnection_delay": 0.01,
    "randomization_factor": 0,
    "request_timeout": DEADLINE,
    "handle_sigint": False,
}

# What a client takes from one response. Its default is less than a server may send.
engineio.payload.Payload.max_decode_packets = 1000


class Engine(engineio.Client):
    """The client's engine without three races of its threads.

    It starts a thread for each message, so that binary data may be handled before
    the event that it belongs to: here one thread handles them all. Over polling it
    loses the packets that it disconnects with, if it was about to look whether it
    still is connected: here they are sent. And it may take away the mark that ends
    its writer, which others then wait for: here the writer ends first.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.messages = ThreadPoolExecutor(max_workers=1)

    def _trigger_event(self, *args, run_async=False, **options):
        if run_async:
            return self.messages.submit(super()._trigger_event, *args, **options)
        return super()._trigger_event(*args, **options)

    def _reset(self):
        if writer := self.write_loop_task:
            self.queue.put(None)
            writer.join()
        super()._reset()

    def _write_loop(self):
        super()._write_loop()
        if self.state != "disconnecting" or self.current_transport != "polling":
            return
        unsent = []
        while not self.queue.empty():
            unsent.append(self.queue.get())
        body = engineio.payload.Payload([packet for packet in unsent if packet]).encode()
        if body:
            self._send_request("POST", self.base_url, body=body, timeout=self.request_timeout)


class Client(socketio.Client):
    """The client that blocks. It reconnects only where it is asked to.

    It tells of a lost connection before it starts the task that makes the next one,
    so that a test that is over by then could not end that.
    """

    def __init__(self, reconnection=False, **options):
        super().__init__(reconnection=reconnection, **OPTIONS, **options)

    def _engineio_client_class(self):
        return Engine

    def connect(self, url, **options):
        """As the original, which also reconnects through this."""
        super().connect(url, **{"wait_timeout": DEADLINE, **options})

    def hear(self, event, namespace="/"):
        """The `Heard` of an event, from now on."""
        heard = Heard()
        self.on(event, heard.put, namespace)
        return heard

    def ask(self, event, *args, namespace="/"):
        """Emits an event, and returns the arguments of its acknowledgement."""
        answer = Heard()
        self.emit(event, args, namespace, callback=answer.put)
        return answer.next()

    def settle(self, namespace="/"):
        """Returns when all that the server sent before this has arrived."""
        self.ask("echo", "settled", namespace=namespace)

    def close(self):
        # The next connection may be there, and not yet be counted as one.
        if task := self._reconnect_task:
            self._reconnect_abort.set()
            task.join()
        self.disconnect()
        self.eio.wait()
        self.eio.messages.shutdown()


class Heard:
    """The arguments of every event of one name, in the order they came."""

    def __init__(self):
        self._came = queue.SimpleQueue()

    def put(self, *args):
        self._came.put(args)

    def next(self):
        return self._came.get(timeout=DEADLINE)

    def take(self, count):
        return [self.next() for _ in range(count)]

    def rest(self):
        """What has come and was not asked for yet."""
        return self.take(self._came.qsize())
