/**
 * Parses a kernel's entry in the table: which of its arguments are sizes, which are buffers, and the buffers' lengths. The words,
 * operations and bytes of a call are computed from it.
 */
import type { ArgumentEntry, BufferEntry, KernelEntry, KernelTable } from "./table.ts";

/** Arguments of a call by name, of any kind. */
export type CallArguments = Readonly<Record<string, unknown>>;

/** A product of numbers and sizes. */
export interface SizeProduct {
  /** As in the comments of the table: "[batch, floor(height/2), channels]". */
  readonly text: string;
  /** Its value for the sizes of a call. */
  of(args: CallArguments): number;
}

/** A size: a whole number >= 1. */
export interface SizeSignature {
  readonly name: string;
  /** The upper bound; a name refers to another size of the call. */
  readonly upTo?: number | string;
}

/** Any other argument except buffers. */
export interface OptionSignature {
  readonly name: string;
  readonly kind: "number" | "share" | "key" | "flag" | "flag?";
}

/** A buffer. */
export interface BufferSignature {
  readonly name: string;
  readonly use: "read" | "write" | "update";
  readonly shape: SizeProduct;
  readonly optional: boolean;
  /** The buffers that it may coincide with. */
  readonly over: readonly string[];
  readonly words: "float32" | "int32";
}

/** A parsed entry of the table. */
export interface Signature {
  readonly kernel: string;
  readonly sizes: readonly SizeSignature[];
  readonly options: readonly OptionSignature[];
  readonly buffers: readonly BufferSignature[];
  readonly flops: SizeProduct;
}

/** Parses all entries of a table. Throws an Error with the kernel and the argument if one is invalid. */
export function signaturesOf<T extends KernelTable>(table: T): { readonly [N in keyof T]: Signature } {
  return Object.fromEntries(
    Object.entries(table).map(([kernel, entry]) => [kernel, signatureOf(kernel, entry)]),
  ) as { [N in keyof T]: Signature };
}

const isBuffer = (entry: ArgumentEntry): entry is BufferEntry => typeof entry === "object" && !("upTo" in entry);

function signatureOf(kernel: string, { flops, arguments: entries }: KernelEntry): Signature {
  const sizes: SizeSignature[] = [], options: OptionSignature[] = [], buffers: [string, BufferEntry][] = [];
  for (const [name, entry] of Object.entries(entries)) {
    if (entry === "size") sizes.push({ name });
    else if (typeof entry === "string") options.push({ name, kind: entry });
    else if (isBuffer(entry)) buffers.push([name, entry]);
    else sizes.push({ name, upTo: entry.upTo });
  }
  const names = sizes.map(({ name }) => name), all = buffers.map(([name]) => name);
  const known = (where: string, name: string, names: readonly string[]) => {
    if (names.includes(name)) return;
    throw new Error(`Kernel table: ${kernel}: ${where}: expected one of ${names.join(", ")}, found ${name}`);
  };
  const product = (where: string, text: string) => productOf(text, (name) => known(where, name, names));
  for (const { name, upTo } of sizes) if (typeof upTo === "string") known(name, upTo, names);
  return {
    kernel,
    sizes,
    options,
    flops: product("flops", flops),
    buffers: buffers.map(([name, entry]): BufferSignature => {
      const { read, write, update, over, optional = false, words = "float32" } = entry;
      const uses = Object.entries({ read, write, update }).filter(([, shape]) => shape !== undefined);
      if (uses.length !== 1) {
        throw new Error(`Kernel table: ${kernel}: ${name}: expected one of read, write, update, found ${uses.length}`);
      }
      const [[use, shape]] = uses as [[BufferSignature["use"], string]];
      const places = over?.split(" ") ?? [];
      for (const place of places) known(name, place, all);
      return { name, use, shape: product(name, shape), optional, over: places, words };
    }),
  };
}

/** Parses "batch height/2 3 rows+". */
function productOf(text: string, check: (name: string) => void): SizeProduct {
  let constant = 1;
  const whole: string[] = [], halves: string[] = [];
  const words = text.split(" ").map((factor) => {
    const [, number, name, suffix] = /^(?:(\d+)|([A-Za-z]\w*))(\/2|\+)?$/.exec(factor) ?? [];
    if (number) constant *= Number(number);
    else {
      check(name ?? factor);
      (suffix === "/2" ? halves : whole).push(name);
    }
    return suffix === "/2" ? `floor(${factor})` : suffix === "+" ? `at least ${number ?? name}` : factor;
  });
  return {
    text: `[${words.join(", ")}]`,
    of(args) {
      let product = constant;
      for (const name of whole) product *= args[name] as number;
      for (const name of halves) product *= Math.floor(args[name] as number / 2);
      return product;
    },
  };
}

/**
 * Bytes that must move in a call: data that is read or written count once, updated data twice. Omitted buffers do not
 * count.
 */
export function bytesOf({ buffers }: Signature, args: CallArguments): number {
  let words = 0;
  for (const { name, use, shape } of buffers) {
    if (args[name] !== undefined) words += (use === "update" ? 2 : 1) * shape.of(args);
  }
  return 4 * words;
}
