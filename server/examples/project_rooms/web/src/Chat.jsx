import { useEffect, useRef, useState } from "react";
import { io } from "socket.io-client";

const SERVER = import.meta.env.VITE_SERVER ?? "http://localhost:3000";

export default function Chat({ projectId }) {
  const socket = useRef(null);
  const [status, setStatus] = useState("connecting");
  const [messages, setMessages] = useState([]);
  const [text, setText] = useState("");

  useEffect(() => {
    // The query of the handshake names the room.
    const current = io(SERVER, { query: { projectId } });
    socket.current = current;
    current.on("connect", () => setStatus("connected"));
    current.on("disconnect", setStatus);
    current.on("connect_error", ({ message }) => setStatus(message));
    current.on("message", (message) => setMessages((all) => [...all, message]));
    return () => current.disconnect();
  }, [projectId]);

  const send = (event) => {
    event.preventDefault();
    // Which button it was says who is to hear of it.
    if (event.nativeEvent.submitter?.value === "room") socket.current.emit("roomMessage", projectId, text);
    else socket.current.emit("message", text);
    setText("");
  };

  return (
    <>
      <p id="status">{status}</p>
      <ul id="messages">
        {messages.map((message, index) => (
          <li key={index}>{message}</li>
        ))}
      </ul>
      <form onSubmit={send}>
        <input id="text" aria-label="Message" value={text} onChange={({ target }) => setText(target.value)} />
        <button value="everyone">To everyone</button>
        <button value="room">To the project</button>
      </form>
    </>
  );
}
