// Who we are, in which room, and the sockets.

// `?transports=polling` tries the page as it is behind a proxy that blocks websockets.
const transports = new URLSearchParams(location.search).get("transports")?.split(",");
const options = transports ? { transports } : {};

// Without the client there are none, see app.js.
export const socket = globalThis.io?.(options);
export const announcements = globalThis.io?.("/announcements", options); // shares the connection

export const me = {
  name: "",
  room: null, // the room we want to be in; joined again after a reconnect
  joined: false, // whether the server knows
};
