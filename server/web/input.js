// What the server takes, see src/input.rs.

export const NAME_LENGTH = 32;
export const ROOM_LENGTH = 64;
export const TEXT_LENGTH = 2_000;

/** The first characters of a text, counted as the server does: none is cut in half. */
export function cut(text, length) {
  return [...text].slice(0, length).join("");
}
