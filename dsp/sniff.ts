/**
 * Detects a recording's format by its first bytes. File names are unreliable: an MP3 file is often called .wav, and a
 * wav file .mp3.
 *
 *   FLAC   "fLaC", possibly after an ID3 tag
 *   Ogg    "OggS"; the first packet names the codec: "\1vorbis", "OpusHead", "\x7fFLAC"
 *   MP4    a box `ftyp`
 *   MP3    a frame's head: 11 bits set, version, layer II or III, bit rate, sample rate; perhaps after an ID3 tag
 *   ADTS   (bare AAC) the same head with layer 0
 */

/** A compression that needs a decoder from a package (`decoders.ts`). */
export type Codec = "flac" | "mp3" | "vorbis" | "opus" | "aac" | "m4a";

/** A recording in compressed form. */
export interface CompressedRecording {
  /** Its compression. */
  codec: Codec;
  /** Where the sound begins, in bytes: after a tag. */
  offset: number;
}

/** Most zeros between a tag and the sound. */
const MOST_ROOM = 1 << 16;

/**
 * Recognises a compressed recording.
 *
 * @param head the file's first bytes
 * @param whole whether these are all its bytes
 * @returns undefined if it is something else (a wav file, or not a recording), "more" if more bytes are needed to decide
 */
export function recognise(head: Uint8Array, whole: boolean): CompressedRecording | "more" | undefined {
  if (head.length < 12 && !whole) return "more";
  const text = (at: number, length: number) => String.fromCharCode(...head.subarray(at, at + length));
  if (text(4, 4) === "ftyp") return { codec: "m4a", offset: 0 };
  let offset = 0;
  while (text(offset, 3) === "ID3") {
    if (head.length < offset + 10) return whole ? undefined : "more";
    // 28 bits in four bytes: no byte of the length may look like the head of a frame
    const size = head.subarray(offset + 6, offset + 10).reduce((size, byte) => size << 7 | byte & 127, 0);
    offset += 10 + size + (head[offset + 5] & 16 ? 10 : 0); // a tag may end with a copy of its head
  }
  // programs leave padding between a tag, or the file's start, and the sound
  for (const end = offset + MOST_ROOM; offset < end && head[offset] === 0;) offset++;
  if (head.length < offset + 4) return whole ? undefined : "more";
  if (text(offset, 4) === "fLaC") return { codec: "flac", offset };
  if (text(offset, 4) === "OggS") {
    if (head.length < offset + 36 && !whole) return "more";
    const packet = text(offset + 28, 8);
    if (packet.startsWith("\x01vorbis")) return { codec: "vorbis", offset };
    if (packet === "OpusHead") return { codec: "opus", offset };
    if (packet.startsWith("\x7fFLAC")) return { codec: "flac", offset };
    return undefined;
  }
  const [first, second, third] = head.subarray(offset, offset + 3);
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return undefined;
  const version = second >> 3 & 3, layer = second >> 1 & 3, rate = third >> 2 & 3;
  if ((second & 0xf6) === 0xf0 && (third >> 2 & 15) < 13) return { codec: "aac", offset };
  const known = version !== 1 && (layer === 1 || layer === 2) && third >> 4 !== 15 && third >> 4 !== 0 && rate !== 3;
  return known ? { codec: "mp3", offset } : undefined;
}

/**
 * Whether EPR reads a file's format, wav or compressed, judged by its first bytes. A browser may read other formats.
 */
export function isKnown(bytes: Uint8Array): boolean {
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  return /^(RIFF|RIFX|RF64|BW64|riff)$/.test(magic) || recognise(bytes, true) !== undefined;
}
