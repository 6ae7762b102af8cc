/**
 * What a recording is, by its first bytes. Names deceive: an MP3 file is often called .wav, and a wav file .mp3.
 *
 *   FLAC   "fLaC", perhaps after an ID3 tag
 *   Ogg    "OggS"; the first packet says which codec: "\1vorbis", "OpusHead", "\x7fFLAC"
 *   MP4    a box `ftyp`
 *   MP3    a frame's head: 11 bits set, version, layer II or III, bit rate, sample rate; perhaps after an ID3 tag
 *   ADTS   (bare AAC) the same place, layer 0
 */

/** A compression that is read by a decoder of its own (`decoders.ts`). */
export type Codec = "flac" | "mp3" | "vorbis" | "opus" | "aac" | "m4a";

/** A recording in compressed form. */
export interface Compressed {
  /** How it is compressed. */
  codec: Codec;
  /** Where that begins, in bytes: behind a tag. */
  offset: number;
}

/** Zeros between a tag and the sound, at most. */
const MOST_ROOM = 1 << 16;

/**
 * Recognises a compressed recording.
 *
 * @param head the file's first bytes
 * @param whole whether there are no more
 * @returns undefined where it is something else (a wav file, or no recording), "more" where more bytes are needed to tell
 */
export function recognise(head: Uint8Array, whole: boolean): Compressed | "more" | undefined {
  if (head.length < 12 && !whole) return "more";
  const text = (at: number, length: number) => String.fromCharCode(...head.subarray(at, at + length));
  if (text(4, 4) === "ftyp") return { codec: "m4a", offset: 0 };
  let offset = 0;
  while (text(offset, 3) === "ID3") {
    if (head.length < offset + 10) return whole ? undefined : "more";
    // 28 bits in four bytes: no byte of the length may look like a frame's head
    const size = head.subarray(offset + 6, offset + 10).reduce((size, byte) => size << 7 | byte & 127, 0);
    offset += 10 + size + (head[offset + 5] & 16 ? 10 : 0); // a tag may end with its head again
  }
  // programs leave room between a tag, or the file's start, and the sound
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

/** Whether a file is of a kind that is read here, wav or compressed, by its first bytes: of any other, a browser may know more. */
export function isKnown(bytes: Uint8Array): boolean {
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  return /^(RIFF|RIFX|RF64|BW64|riff)$/.test(magic) || recognise(bytes, true) !== undefined;
}
