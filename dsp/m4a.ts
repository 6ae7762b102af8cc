/**
 * The order of an MP4 file's boxes: its table of contents (`moov`) first, then the sound (`mdat`). Recorders write the table
 * last, since they know it last; a decoder that gets it last would have to decode all at once.
 *
 *   ftyp, mdat, moov  ->  ftyp, moov with its offsets (`stco`, `co64`) moved by its own length, mdat
 *
 * Where the table comes first, bytes go through as they come; else they are kept until it is there: the file's own, compressed.
 */

/** A box of a file: its place, and how long it is with its head. */
interface Box {
  type: string;
  at: number;
  size: number;
  head: number;
}

/** Boxes that hold the boxes that lead to the offsets. */
const containers = ["moov", "trak", "mdia", "minf", "stbl"];

/** Passes an MP4 file's bytes on, in an order that a decoder can follow. */
export class MovieFeeder {
  #held: Uint8Array[] = [];
  #bytes = 0;
  /** With how many bytes it is looked at next. */
  #enough = 16;
  #through = false;

  /** Takes the next bytes, and returns those that can be decoded now. */
  push(bytes: Uint8Array): Uint8Array[] {
    if (this.#through) return [bytes];
    this.#held.push(bytes.slice());
    this.#bytes += bytes.length;
    if (this.#bytes < this.#enough) return [];
    const file = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#held) {
      file.set(part, at);
      at += part.length;
    }
    this.#held = [file];
    const boxes = boxesOf(file, 0, file.length), moov = boxes.find(({ type }) => type === "moov");
    const mdat = boxes.findIndex(({ type }) => type === "mdat"), last = boxes.at(-1);
    if (!moov || moov.at + moov.size > file.length) {
      // looked at again where the next box begins that is not there yet, with its head; or where the table ends
      const next = moov ?? last;
      this.#enough = Math.max(this.#bytes + 1, next ? next.at + next.size + (moov ? 0 : 16) : 16);
      return [];
    }
    if (!holdsItsTables(file, moov.at + moov.head, moov.at + moov.size)) {
      throw new Error("a table of its index says more than it holds");
    }
    this.#through = true;
    this.#held = [];
    if (mdat < 0 || moov.at < boxes[mdat].at) return [file];
    const table = file.slice(moov.at, moov.at + moov.size);
    moveOffsets(table, boxes[mdat].at, moov.at, moov.size);
    return [
      file.subarray(0, boxes[mdat].at),
      table,
      file.subarray(boxes[mdat].at, moov.at),
      file.subarray(moov.at + moov.size),
    ];
  }
}

/** The boxes between two places; the last may reach beyond. */
function boxesOf(file: Uint8Array, from: number, to: number): Box[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength), boxes: Box[] = [];
  for (let at = from; at + 8 <= to;) {
    let size = view.getUint32(at), head = 8;
    if (size === 1) {
      if (at + 16 > to) break;
      size = Number(view.getBigUint64(at + 8));
      head = 16;
    }
    if (size === 0) size = Infinity; // to the end of the file
    if (size < head) break;
    boxes.push({ type: String.fromCharCode(...file.subarray(at + 4, at + 8)), at, size, head });
    at += size;
  }
  return boxes;
}

/** Samples, and chunks of them, that an index may name: more than a week of sound. A decoder goes through all that it names. */
const MOST = 1 << 24;

/** Bytes of an entry of each table of an index, after its version and its number of entries. */
const entryBytes: Readonly<Record<string, number>> = { stco: 4, co64: 8, stsc: 12, stts: 8 };

/** Whether the tables between two places are as long as they say, and name no more than {@link MOST}. */
function holdsItsTables(file: Uint8Array, from: number, to: number): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return boxesOf(file, from, to).every(({ type, at, size, head }) => {
    const body = at + head, end = Math.min(to, at + size);
    if (containers.includes(type)) return holdsItsTables(file, body, end);
    if (type === "stsz") {
      if (end - body < 12) return false;
      const each = view.getUint32(body + 4), count = view.getUint32(body + 8);
      return each === 0 ? 12 + 4 * count <= end - body : count <= MOST;
    }
    const width = entryBytes[type];
    if (width === undefined) return true;
    const count = end - body >= 8 ? view.getUint32(body + 4) : Infinity;
    if (8 + width * count > end - body) return false;
    if (type === "stco" || type === "co64") return true;
    let samples = 0;
    for (let i = 0, entry = body + 8; i < count; i++, entry += width) {
      const [first, second] = [view.getUint32(entry), view.getUint32(entry + 4)];
      if (type === "stts") samples += first; // so many of one length
      else if (first > MOST || second > MOST) return false; // from this chunk on, so many a chunk
    }
    return samples <= MOST;
  });
}

/** Adds to those offsets of a table that lie in a stretch of the file. */
function moveOffsets(table: Uint8Array, from: number, to: number, by: number): void {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const walk = (start: number, end: number) => {
    for (const { type, at, size, head } of boxesOf(table, start, end)) {
      const body = at + head, stop = Math.min(end, at + size);
      if (containers.includes(type)) walk(body, stop);
      if ((type !== "stco" && type !== "co64") || body + 8 > stop) continue;
      const width = type === "stco" ? 4 : 8, count = view.getUint32(body + 4);
      for (let i = 0, place = body + 8; i < count && place + width <= stop; i++, place += width) {
        const offset = width === 4 ? view.getUint32(place) : Number(view.getBigUint64(place));
        if (offset < from || offset >= to) continue;
        if (width === 4) view.setUint32(place, offset + by);
        else view.setBigUint64(place, BigInt(offset + by));
      }
    }
  };
  walk(0, table.length);
}
