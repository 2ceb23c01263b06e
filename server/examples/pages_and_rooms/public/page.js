// Without an address, the client connects to where the page came from.
const socket = io();
const other = io("/my-namespace");

socket.on("message", (text) => show("chat", text));
socket.on("userMessage", (text) => show("somebody", text));
other.on("message", (text) => show("my-namespace", text));
socket.on("disconnect", (reason) => show("chat", `disconnected: ${reason}`));

document.querySelector("#form").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = document.querySelector("#text");
  if (input.value) socket.emit("userMessage", input.value);
  input.value = "";
});

function show(from, text) {
  const line = document.createElement("li");
  line.textContent = `${from}: ${text}`;
  document.querySelector("#messages").append(line);
}
