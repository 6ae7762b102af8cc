/**
 * Checks the arguments of a call. Every device uses it, so the errors are the same: each gives the kernel and the argument, what
 * was expected and what was found.
 *
 * @module
 */
import type { BufferSignature, CallArguments, OptionSignature, Signature } from "./signature.ts";
import { BufferStretch } from "./stretch.ts";

/** The class of a device's buffers. */
export type BufferClass<S extends BufferStretch> = abstract new (...args: never[]) => S;

/**
 * Checks the arguments of a call of a kernel.
 *
 * @throws RangeError if a size or a share is out of its range, or a buffer is too short or overlaps one that is written;
 * TypeError if a buffer is missing or belongs to another device, or an option has the wrong type
 */
export function checkCall(
  { kernel, sizes, options, buffers }: Signature,
  args: CallArguments,
  own: BufferClass<BufferStretch>,
): void {
  for (const { name, upTo = LARGEST } of sizes) {
    const most = typeof upTo === "number" ? upTo : args[upTo] as number, found = args[name] as number;
    if (Number.isInteger(found) && found >= 1 && found <= most) continue;
    const range = upTo === LARGEST ? ">= 1" : `from 1 to ${typeof upTo === "number" ? upTo : `${upTo}, ${most}`}`;
    throw new RangeError(`${kernel}: ${name}: expected a whole number ${range}, found ${found}`);
  }
  for (const option of options) checkOption(kernel, option, args[option.name]);
  for (const { name, shape, optional } of buffers) {
    const buffer = args[name];
    if (optional && buffer === undefined) continue;
    checkBuffer(`${kernel}: ${name}`, buffer, shape.of(args), own, shape.text);
  }
  for (const output of buffers) if (output.use !== "read") checkOverlap(kernel, buffers, output, args);
}

/** A size must fit in a 32-bit word on a GPU. */
const LARGEST = 2 ** 32 - 1;

function checkOption(kernel: string, { name, kind }: OptionSignature, found: unknown): void {
  const fault = (expected: string, Fault: typeof TypeError | typeof RangeError = TypeError) =>
    new Fault(`${kernel}: ${name}: expected ${expected}, found ${found}`);
  switch (kind) {
    case "flag":
      if (typeof found !== "boolean") throw fault("true or false");
      return;
    case "flag?":
      if (found !== undefined && typeof found !== "boolean") throw fault("true, false or nothing");
      return;
    case "key":
      if (!Array.isArray(found) || found.length !== 2) throw fault("a key of two words");
      return;
    case "share":
      if (!(typeof found === "number" && found >= 0 && found < 1)) throw fault("a number >= 0 and < 1", RangeError);
      return;
    case "number":
      if (typeof found !== "number") throw fault("a number");
  }
}

/**
 * Checks that a buffer belongs to this device and has enough words.
 *
 * @param where "conv2d: x"
 * @param shape the required shape in words, "[m, n]"
 */
export function checkBuffer<S extends BufferStretch>(
  where: string,
  buffer: unknown,
  words: number,
  own: BufferClass<S>,
  shape?: string,
): asserts buffer is S {
  if (!(buffer instanceof own)) {
    const found = buffer instanceof BufferStretch
      ? "one of another device"
      : buffer === undefined
      ? "nothing"
      : typeof buffer;
    throw new TypeError(`${where}: expected a buffer of this device, found ${found}`);
  }
  if (buffer.length >= words) return;
  throw new RangeError(
    `${where}: expected ${shape ? `${shape}, ` : ""}${words} words, found a buffer of ${buffer.length}`,
  );
}

/** If a kernel wrote where it reads, or twice to one place, its result would depend on the order of its threads. */
function checkOverlap(
  kernel: string,
  buffers: readonly BufferSignature[],
  output: BufferSignature,
  args: CallArguments,
): void {
  const written = args[output.name] as BufferStretch;
  for (const { name } of buffers) {
    const other = args[name] as BufferStretch | undefined;
    if (name === output.name || other === undefined || !written.overlaps(other)) continue;
    if (output.over.includes(name) && written.equals(other)) continue;
    const allowed = output.over.includes(name) ? `${name} itself or ` : "";
    throw new RangeError(
      `${kernel}: ${output.name}: expected ${allowed}a buffer apart from ${name}, found one that overlaps it`,
    );
  }
}
