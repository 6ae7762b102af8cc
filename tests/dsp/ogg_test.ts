/** Ogg files of several streams, one after the other and side by side. */
import { assertEquals, assertThrows } from "@std/assert";
import { OggChain } from "../../dsp/ogg.ts";
import { ascii } from "./containers.ts";

/** A page. @param flags 2: begins a stream; 4: ends it */
const page = (flags: number, ...segments: number[]) => [
  ...[...ascii("OggS"), 0, flags, ...new Array(20).fill(7), segments.length, ...segments],
  ...new Array(segments.reduce((sum, length) => sum + length, 0)).fill(9),
];

/** The file's links, reassembled from its pieces. */
function links(file: number[], piece: number): number[][] {
  const chain = new OggChain(), found: number[][] = [[]];
  for (let at = 0; at < file.length; at += piece) {
    for (const { bytes, ends } of chain.push(Uint8Array.from(file.slice(at, at + piece)))) {
      found.at(-1)!.push(...bytes);
      if (ends) found.push([]);
    }
  }
  found.at(-1)!.push(...chain.finish());
  return found;
}

Deno.test("OggChain cuts a file where one stream ends and another begins, in pieces of any size, and loses no byte", () => {
  const first = [...page(2, 30), ...page(0, 255, 255, 3), ...page(4, 100)];
  const sideBySide = [...page(2, 30), ...page(2, 42), ...page(0, 255), ...page(4, 8)];
  const broken = [...page(2, 30), ...ascii("OggOggx"), ...page(0, 12)];
  for (const piece of [1, 13, 27, 300, 1e9]) {
    assertEquals(links(first, piece), [first], `${piece}`);
    assertEquals(links([...first, ...sideBySide, ...first], piece), [first, sideBySide, first], `${piece}`);
    assertEquals(links([...broken, ...first], piece), [broken, first], `${piece}`);
    assertEquals(links(first.slice(0, -50), piece), [first.slice(0, -50)], `${piece}`);
    assertEquals(links([...first, ...page(2, 4).slice(0, 20)], piece), [[...first, ...page(2, 4).slice(0, 20)]]);
  }
});

Deno.test("OggChain refuses too many streams: each takes a decoder", () => {
  const link = [...page(2, 1), ...page(0, 1)];
  assertThrows(() => links(Array.from({ length: 300 }, () => link).flat(), 1e9), Error, "more than 256 streams");
});
