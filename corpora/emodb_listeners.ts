/**
 * The listening test of Emo-DB: how many of twenty people recognised the intended emotion. `erkennung.txt` lies beside the
 * recordings, in Latin-1, with decimal commas and fields padded with no-break spaces:
 *
 *     Nr. | Satz | erkannt | natuerlich
 *     1   | 03a01Ab.wav | 65,00 | 35,00
 *
 * It lists more takes than were published.
 *
 * @module
 */
import { FileError } from "../base/file_error.ts";
import { join } from "@std/path";

/** Number of people who heard each utterance. */
export const EMODB_LISTENERS = 20;

/**
 * Reads, for each utterance, the share of listeners who recognised the emotion.
 *
 * @param dir the corpus's folder, or the folder of its recordings
 * @returns fractions of 1 by id; undefined if there is no file
 * @throws {FileError} if the file exists but has no such table
 */
export async function readEmodbListeners(dir: string): Promise<Map<string, number> | undefined> {
  for (const folder of [dir, join(dir, "..")]) {
    const file = join(folder, "erkennung.txt");
    let bytes: Uint8Array;
    try {
      bytes = await Deno.readFile(file);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    const rates = parse(new TextDecoder("latin1").decode(bytes));
    if (rates.size === 0) {
      const expected = 'lines like "1 | 03a01Ab.wav | 65,00 | 35,00", separated by tabs';
      throw new FileError({ file, expected, found: "none" });
    }
    return rates;
  }
}

function parse(text: string): Map<string, number> {
  const rates = new Map<string, number>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, recognised] = line.split("\t").map((field) => field.replaceAll("\u00a0", " ").trim());
    const match = /^(\d\d[a-z]\d\d)([WLEAFTN])([a-z]?)\.wav$/i.exec(name ?? "");
    const rate = Number((recognised ?? "").replace(",", "."));
    // the id in the form of emodb.ts
    if (match && recognised && rate >= 0) rates.set(`${match[1]}${match[2].toUpperCase()}${match[3]}`, rate / 100);
  }
  return rates;
}
