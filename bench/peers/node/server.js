// The contract of `bench-server`, by the official server.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, {
  serveClient: false,
  perMessageDeflate: false,
  httpCompression: false,
  connectionStateRecovery: process.env.RECOVERY ? {} : undefined,
});

io.on("connection", (socket) => {
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("ack", (...args) => args.pop()(...args));
  socket.on("broadcast", (...args) => io.emit("broadcast", ...args));
  socket.on("join", (room, acknowledge) => {
    socket.join(room);
    acknowledge();
  });
  socket.on("room", (room, payload) => io.to(room).emit("room", payload));
});

http.listen(Number(process.env.PORT), "127.0.0.1");
