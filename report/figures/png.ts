/**
 * A picture in one colour, as a PNG. Transparency encodes the density of each pixel, so the picture works on light and dark
 * pages. https://www.w3.org/TR/png-3/
 */
import { crc32, deflateSync } from "node:zlib";

/**
 * The bytes of a PNG.
 *
 * @param density [height, width], 0 to 1, the top row first
 * @param colour red, green, blue, 0 to 255
 */
export function encodePng(
  density: ArrayLike<number>,
  width: number,
  height: number,
  [red, green, blue]: readonly [number, number, number],
): Uint8Array {
  const stride = 1 + 4 * width; // each row begins with its filter: none
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const alpha = Math.round(255 * Math.min(1, Math.max(0, density[y * width + x])));
      rows.set([red, green, blue, alpha], y * stride + 1 + 4 * x);
    }
  }
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 6], 8); // 8 bits a channel, RGBA; deflate, no interlace
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const parts = [signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND")];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Length, type, data, check sum of the latter two. */
function chunk(type: string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(12 + data.length), view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}
