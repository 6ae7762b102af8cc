/**
 * An Ogg file of several streams one after the other (RFC 3533, section 4: chained), as radio recorders and `cat a.ogg b.ogg` write
 * them. Each stream begins with a header, and a decoder reads only one stream. So the file is cut where the next stream begins.
 *
 *   page: "OggS", version, flags, position (8), serial (4), number (4), checksum (4), segments, their lengths; then that many bytes
 *   a page that begins a stream (flag 2), after one that does not  ->  the next link of the chain
 *
 * Streams side by side (sound and pictures) begin together, so they count as one link.
 */

/** Bytes of a page before the lengths of its segments. */
const HEAD = 27;

/** The most links: each requires a decoder. */
const MOST_LINKS = 256;

/** A stretch of an Ogg file. */
export interface OggStretch {
  bytes: Uint8Array;
  /** Whether another stream follows. */
  ends: boolean;
}

/** Cuts an Ogg file, while its bytes arrive, where one stream ends and the next begins. */
export class OggChain {
  /** The bytes of an incomplete page head. */
  #held: Uint8Array = new Uint8Array();
  /** Bytes of the current page still to come. */
  #left = 0;
  /** Whether a page was read that does not begin a stream. */
  #body = false;
  #links = 1;

  /**
   * Takes the next bytes and returns those that can be decoded now.
   *
   * @throws {Error} if there are more than {@link MOST_LINKS} streams
   */
  push(fresh: Uint8Array): OggStretch[] {
    const bytes = new Uint8Array(this.#held.length + fresh.length), parts: OggStretch[] = [];
    bytes.set(this.#held);
    bytes.set(fresh, this.#held.length);
    let from = 0, at = 0;
    while (at < bytes.length) {
      const skipped = Math.min(this.#left, bytes.length - at);
      at += skipped;
      this.#left -= skipped;
      if (bytes.length - at < headBytes(bytes, at)) break;
      if (!isPage(bytes, at)) {
        at++; // broken: the decoder searches for the next page, and so does this loop
        continue;
      }
      if ((bytes[at + 5] & 2) === 0) this.#body = true;
      else if (this.#body) {
        if (++this.#links > MOST_LINKS) throw new Error(`it has more than ${MOST_LINKS} streams one after the other`);
        parts.push({ bytes: bytes.slice(from, at), ends: true });
        from = at;
        this.#body = false;
      }
      const head = headBytes(bytes, at);
      this.#left = head + bytes.subarray(at + HEAD, at + head).reduce((sum, length) => sum + length, 0);
    }
    parts.push({ bytes: bytes.slice(from, at), ends: false });
    this.#held = bytes.slice(at);
    return parts;
  }

  /** The rest at the end of the file: an incomplete page. */
  finish(): Uint8Array {
    return this.#held;
  }
}

/** Bytes of a page's head including the lengths of its segments, as far as present. */
function headBytes(bytes: Uint8Array, at: number): number {
  return HEAD + (bytes[at + HEAD - 1] ?? 0);
}

function isPage(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x4f && bytes[at + 1] === 0x67 && bytes[at + 2] === 0x67 && bytes[at + 3] === 0x53;
}
