/**
 * CRC-32 as in gzip and PNG (ISO 3309). It detects any change within 32 consecutive bits, and misses one in four
 * billion others.
 */

/** Remainder of each byte, shifted in from the right. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? rest >>> 1 ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** The check sum of bytes, as eight hexadecimal digits. */
export function crc32(bytes: Uint8Array): string {
  let rest = -1;
  for (let i = 0; i < bytes.length; i++) rest = rest >>> 8 ^ TABLE[(rest ^ bytes[i]) & 255];
  return (~rest >>> 0).toString(16).padStart(8, "0");
}
