/**
 * Reorders an MP4 file's boxes: the table of contents (`moov`) first, then the sound (`mdat`). Recorders write the table last,
 * because it is only known then. A decoder that receives it last would have to decode everything at once.
 *
 *   ftyp, mdat, moov  ->  ftyp, moov with its offsets (`stco`, `co64`) moved by its own length, mdat
 *
 * If the table comes first, bytes pass through as they arrive. Otherwise the compressed bytes are buffered until the table
 * arrives.
 */

/** A box of a file: its position, and its length including its head. */
interface Box {
  type: string;
  at: number;
  size: number;
  head: number;
}

/** Boxes that contain the boxes with the offsets. */
const containers = ["moov", "trak", "mdia", "minf", "stbl"];

/** Passes on an MP4 file's bytes in an order that a decoder can follow. */
export class MovieFeeder {
  #held: Uint8Array[] = [];
  #bytes = 0;
  /** Number of bytes needed before the next look. */
  #enough = 16;
  #through = false;

  /** Takes the next bytes and returns those that can be decoded now. */
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
      // look again when the head of the next missing box is complete, or at the end of the table
      const next = moov ?? last;
      this.#enough = Math.max(this.#bytes + 1, next ? next.at + next.size + (moov ? 0 : 16) : 16);
      return [];
    }
    const before = mdat >= 0 && boxes[mdat].at < moov.at ? boxes[mdat].at : moov.at;
    requireTables(file, 0, before);
    requireTables(file, moov.at, moov.at + moov.size);
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

/** The boxes between two positions; the last may extend beyond the end. */
function boxesOf(file: Uint8Array, from: number, to: number): Box[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength), boxes: Box[] = [];
  for (let at = from; at + 8 <= to;) {
    let size = view.getUint32(at), head = 8;
    if (size === 1) {
      if (at + 16 > to) break;
      size = Number(view.getBigUint64(at + 8));
      head = 16;
    }
    if (size === 0) size = Infinity; // up to the end of the file
    if (size < head) break;
    boxes.push({ type: String.fromCharCode(...file.subarray(at + 4, at + 8)), at, size, head });
    at += size;
  }
  return boxes;
}

/**
 * Most samples, and most chunks, that an index may list: more than a week of sound. A decoder iterates over all of
 * them.
 */
const MOST = 1 << 24;

/** Most samples in a frame of ALAC: encoders write 4096. */
const LONGEST_FRAME = 1 << 16;

/**
 * Boxes that the decoder opens, wherever they are, and the bytes of the head that some have before their inner boxes.
 */
const opened: Readonly<Record<string, number>> = {
  ...Object.fromEntries([...containers, "udta", "edts", "sinf"].map((type) => [type, 0])),
  meta: 4,
};

/** Bytes per entry of each table that the decoder reads, after its version and its number of entries. */
const entryBytes: Readonly<Record<string, number>> = { stco: 4, co64: 8, stsc: 12, stts: 8, elst: 12 };

/**
 * Throws if a table between two positions declares more than it holds, or lists more than {@link MOST}. The decoder trusts these
 * numbers: it would loop for minutes, or fill the memory. The check follows the decoder's own steps, so that the decoder reads no box
 * that was not checked here.
 */
function requireTables(file: Uint8Array, from: number, to: number): void {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = from; at < to - 8;) {
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    let size = view.getUint32(at);
    if (size === 0) size = to - at;
    else if (size === 1 && at + 16 <= to) {
      if (view.getUint32(at + 8) > 0) throw new Error("a box of its index is longer than the file can be");
      size = view.getUint32(at + 12);
      if (size < 16) return;
    } else if (size < 8) return;
    if (type !== "mdat") {
      if (at + size > to) return;
      if (type in opened) requireTables(file, at + 8 + opened[type], at + size);
      else if (type === "mvex") {
        throw new Error(
          "it is fragmented, which EPR does not read: ffmpeg -i FILE -c copy WHOLE.m4a joins the fragments",
        );
      } else if (type === "stsd") requireDescriptions(file, view, at + 8, at + size);
      else requireTable(type, view, at + 8, at + size);
    }
    at += size;
  }
}

/** Checks sample descriptions: each has a length, and those of AAC and ALAC contain boxes. */
function requireDescriptions(file: Uint8Array, view: DataView, body: number, end: number): void {
  if (end - body < 8) throw new Error("a table of its index states more entries than it has");
  for (let entry = body + 8, left = view.getUint32(body + 4); left > 0 && entry < end; left--) {
    const size = entry + 8 <= end ? view.getUint32(entry) : 0;
    if (size < 8 || entry + size > end) throw new Error("a table of its index states more entries than it has");
    const type = String.fromCharCode(...file.subarray(entry + 4, entry + 8));
    if ((type === "mp4a" || type === "alac") && size > 36) {
      const version = view.getUint16(entry + 16),
        head = version === 1 ? 52 : version === 2 ? view.getUint32(entry + 36) : 36;
      if (size > head) requireTables(file, entry + head, entry + size);
    }
    entry += size;
  }
}

/**
 * Checks a decoder's descriptors: each has a length of at most four bytes with seven bits each. More bytes would make
 * it negative.
 */
function requireDescriptors(view: DataView, body: number, end: number): void {
  for (let at = body + 4; at < end - 2;) {
    const tag = view.getUint8(at++);
    let length = 0, bytes = 0, byte = 128;
    for (; at < end && (byte & 128) > 0; bytes++) {
      byte = view.getUint8(at++);
      length = length << 7 | byte & 127;
    }
    if (bytes > 4) throw new Error("a table of its index states more entries than it has");
    at += tag === 3 ? 3 : tag === 4 ? 13 : length; // these two contain other descriptors
  }
}

function requireTable(type: string, view: DataView, body: number, end: number): void {
  if (type === "esds") requireDescriptors(view, body, end);
  if (!(type in entryBytes) && type !== "stsz" && type !== "alac") return;
  const fail = () => {
    throw new Error("a table of its index states more entries than it has");
  };
  if (type === "alac") { // the last 24 bytes: samples a frame, which sets the memory to allocate, and channels
    if (end - body < 24 || view.getUint32(end - 24) > LONGEST_FRAME || view.getUint8(end - 15) > 8) fail();
    return;
  }
  if (type === "stsz") {
    if (end - body < 12) fail();
    const each = view.getUint32(body + 4), count = view.getUint32(body + 8);
    if (each === 0 ? 12 + 4 * count > end - body : count > MOST) fail();
    return;
  }
  if (end - body < 8) fail();
  const count = view.getUint32(body + 4), width = type === "elst" && view.getUint8(body) === 1 ? 20 : entryBytes[type];
  if (8 + width * count > end - body) fail();
  if (type !== "stts" && type !== "stsc") return;
  let samples = 0;
  for (let i = 0, entry = body + 8; i < count; i++, entry += width) {
    const [first, second] = [view.getUint32(entry), view.getUint32(entry + 4)];
    if (type === "stts") samples += first; // a count of samples with one length
    else if (first > MOST || second > MOST) fail(); // first chunk, then samples per chunk
  }
  if (samples > MOST) fail();
}

/** Adds to the offsets of a table that point into a stretch of the file. */
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
