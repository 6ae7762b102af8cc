/**
 * An Ogg file of several streams one after the other (RFC 3533, section 4: chained), as radio recorders and `cat a.ogg b.ogg` make them.
 * Each begins anew with a head, and a decoder knows one of them: the file is cut where the next begins.
 *
 *   page: "OggS", version, flags, position (8), serial (4), number (4), checksum (4), segments, their lengths; then so many bytes
 *   a page that begins a stream (flag 2), after one that does not  ->  the next link of the chain
 *
 * Streams side by side (sound and pictures) begin together, so they are one link.
 */

/** Bytes of a page before the lengths of its segments. */
const HEAD = 27;

/** The most links: each takes a decoder of its own. */
const MOST_LINKS = 256;

/** A stretch of an Ogg file. */
export interface Stretch {
  bytes: Uint8Array;
  /** Whether another stream begins behind it. */
  ends: boolean;
}

/** Cuts an Ogg file, while its bytes arrive, where a stream ends and another begins. */
export class OggChain {
  /** Of a page's head that is not whole yet. */
  #held: Uint8Array = new Uint8Array();
  /** Bytes of a page that have yet to come. */
  #left = 0;
  /** Whether a page was met that begins no stream. */
  #body = false;
  #links = 1;

  /**
   * Takes the next bytes, and gives those that can be decoded now.
   *
   * @throws {Error} where there are more streams than anybody puts together
   */
  push(fresh: Uint8Array): Stretch[] {
    const bytes = new Uint8Array(this.#held.length + fresh.length), parts: Stretch[] = [];
    bytes.set(this.#held);
    bytes.set(fresh, this.#held.length);
    let from = 0, at = 0;
    while (at < bytes.length) {
      const skipped = Math.min(this.#left, bytes.length - at);
      at += skipped;
      this.#left -= skipped;
      if (bytes.length - at < headBytes(bytes, at)) break;
      if (!isPage(bytes, at)) {
        at++; // broken: the decoder finds the next page, and so does this
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

  /** What is left at the end of the file: of a page that is not whole. */
  finish(): Uint8Array {
    return this.#held;
  }
}

/** Bytes of the head of a page, with the lengths of its segments; as far as it is there. */
function headBytes(bytes: Uint8Array, at: number): number {
  return HEAD + (bytes[at + HEAD - 1] ?? 0);
}

function isPage(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x4f && bytes[at + 1] === 0x67 && bytes[at + 2] === 0x67 && bytes[at + 3] === 0x53;
}
