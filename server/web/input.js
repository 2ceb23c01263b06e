// What the server takes, see src/input.rs.

export const NAME_LENGTH = 32;
export const ROOM_LENGTH = 64;
export const TEXT_LENGTH = 2_000;
