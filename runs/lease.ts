/**
 * A lock between processes, and between machines that share a folder. It expires when its holder dies.
 *
 *     locks/fold-3.7.json      the seventh lease of fold 3: host, process, start time, a beat that counts up
 *
 * The lease with the highest number is valid. To take a lease, a process creates the file with the next number, which the file
 * system allows for one process only (a hard link to a file that is already written). The holder rewrites it in place every ten
 * seconds. If a lease has not changed for two minutes, its process is dead. No clocks are compared: a process that needs the
 * lease watches it for that time. On the holder's own host the system knows at once, since a file lock ends with its process
 * (flock).
 *
 * A holder that was suspended for longer (a stopped machine) finds a higher number, or its file missing, and has lost the
 * lease. It checks this before every write.
 */
import { join } from "@std/path";
import { leaseNote, parseStored } from "./stored.ts";

/** The contents of a lease. */
export interface LeaseNote {
  /** The machine's name. */
  host: string;
  /** The process id. */
  pid: number;
  /** When it was taken, ISO 8601. */
  since: string;
  /** How many times it was rewritten. */
  beat: number;
  /** What the holder is doing, for people. */
  doing?: unknown;
}

/** How a lease is taken. */
export interface LeaseOptions {
  /** Name of the locked object in errors, e.g. "Fold 3". */
  what: string;
  /** Whether to wait if a living process holds it; otherwise that is an error. */
  wait?: boolean;
  /** Ends the wait. */
  signal?: AbortSignal;
  /** Called when the lease of another host has to be watched, which takes up to `patience`. */
  onWatch?: (note: LeaseNote, seconds: number) => void;
  /** Seconds between beats. Default 10. */
  beat?: number;
  /** Seconds without a beat after which a holder counts as dead. Default 120. */
  patience?: number;
  /** The name of this machine; tests set another. */
  host?: string;
}

/** Thrown if another process holds the lease. */
export class HeldError extends Error {
  /** The class name. */
  override name = "HeldError";
  /** The holder's machine. */
  readonly host: string;
  /** The holder's process there. */
  readonly pid: number;

  /** Names what is held, and the holder in words. */
  constructor(what: string, holder: LeaseNote) {
    super(`${what} is in use by ${describeHolder(holder)}`);
    [this.host, this.pid] = [holder.host, holder.pid];
  }
}

/** Bytes of a lease: constant, so that it is rewritten in one piece and needs no new space on a full disk. */
const NOTE_BYTES = 1024;

/** A lease that this process holds. */
export class Lease {
  readonly #dir: string;
  readonly #name: string;
  readonly #number: number;
  readonly #what: string;
  readonly #file: Deno.FsFile;
  readonly #note: LeaseNote;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #loss = new AbortController();

  private constructor(dir: string, name: string, number: number, file: Deno.FsFile, note: LeaseNote, o: LeaseOptions) {
    [this.#dir, this.#name, this.#number, this.#what] = [dir, name, number, o.what];
    [this.#file, this.#note] = [file, note];
    this.#timer = setInterval(() => this.#beat(), 1000 * (o.beat ?? 10));
    this.#timer.unref(); // the timer must not keep a program alive
  }

  /**
   * Takes a lease.
   *
   * @param dir the folder of locks; created if missing
   * @param name the name of the locked object, e.g. "fold-3"
   * @throws {HeldError} if a living process holds it; the error names the process
   */
  static async take(dir: string, name: string, options: LeaseOptions): Promise<Lease> {
    await Deno.mkdir(dir, { recursive: true });
    for (;;) {
      options.signal?.throwIfAborted();
      const last = newest(dir, name);
      const found = last === undefined ? "dead" : await examine(dir, last, options);
      if (found === "changed") continue;
      if (found !== "dead") {
        if (!options.wait) throw new HeldError(options.what, found);
        await pause(100);
        continue;
      }
      const lease = this.#make(dir, name, (last?.number ?? 0) + 1, options);
      if (lease) return lease;
    }
  }

  /**
   * Creates the lease with this number, complete and locked from the start; undefined if another process was faster.
   */
  static #make(dir: string, name: string, number: number, options: LeaseOptions): Lease | undefined {
    const note = { host: options.host ?? Deno.hostname(), pid: Deno.pid, since: new Date().toISOString(), beat: 0 };
    const temporary = join(dir, `.${crypto.randomUUID()}.tmp`);
    const file = Deno.openSync(temporary, { read: true, write: true, createNew: true });
    try {
      writeNote(file, note);
      file.lockSync(true);
      Deno.linkSync(temporary, join(dir, `${name}.${number}.json`));
    } catch (error) {
      file.close();
      if (error instanceof Deno.errors.AlreadyExists) return undefined;
      throw new Error(`${dir}: can't make a lock there: ${(error as Error).message}`, { cause: error });
    } finally {
      Deno.removeSync(temporary);
    }
    for (const old of leases(dir, name)) if (old.number < number) removeIfThere(join(dir, old.file));
    return new Lease(dir, name, number, file, note, options);
  }

  /** Aborted with an Error when the lease turns out to be lost. */
  get lost(): AbortSignal {
    return this.#loss.signal;
  }

  /** Sets the holder's activity; the next beat writes it. */
  tell(doing: unknown): void {
    this.#note.doing = doing;
  }

  /**
   * Checks that the lease is still held. Call it before every write that the lease protects.
   *
   * @throws {Error} if another process has taken it
   */
  check(): void {
    const at = (number: number) => exists(join(this.#dir, `${this.#name}.${number}.json`));
    if (!this.#loss.signal.aborted && (!at(this.#number) || at(this.#number + 1))) {
      this.#loss.abort(
        new Error(`${this.#what} was taken over by another process, because this one gave no sign for too long`),
      );
    }
    this.#loss.signal.throwIfAborted();
  }

  /** Releases the lease. */
  release(): void {
    clearInterval(this.#timer);
    if (!this.#loss.signal.aborted) removeIfThere(join(this.#dir, `${this.#name}.${this.#number}.json`));
    this.#file.close();
  }

  #beat(): void {
    try {
      this.check();
      this.#note.beat++;
      writeNote(this.#file, this.#note);
    } catch {
      // `lost` reports a lost lease; other occasional errors of a shared folder do not end it
    }
  }
}

/** A lease as seen by another process. */
export interface SeenLease extends LeaseNote {
  /** Seconds since it was last rewritten, by this machine's clock. */
  age: number;
  /**
   * Whether its holder is alive, as far as known at once: exact on the holder's host, elsewhere estimated from the age.
   */
  alive: boolean;
}

/** The newest lease of each name in a folder of locks. @param patience as when the lease is taken */
export function readLeases(dir: string, patience = 120): Map<string, SeenLease> {
  const found = new Map<string, SeenLease>();
  let names: string[] = [];
  try {
    names = [...Deno.readDirSync(dir)].map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // no folder: no lease was ever taken
  }
  for (const name of new Set(names.flatMap((file) => /^(.*)\.\d+\.json$/.exec(file)?.[1] ?? []))) {
    try {
      const file = join(dir, newest(dir, name)!.file), note = readNote(file)!;
      const age = (Date.now() - Deno.statSync(file).mtime!.getTime()) / 1000;
      found.set(name, { ...note, age, alive: note.host === Deno.hostname() ? isLocked(file) : age < patience });
    } catch {
      // released just now
    }
  }
  return found;
}

/** "process 71 on node3, since 2020-08-12T14:05:06Z". */
function describeHolder({ pid, host, since }: LeaseNote): string {
  return `process ${pid} on ${host}, since ${since.slice(0, 19)}Z`;
}

/** Whether the holder of a lease is dead; if not, its note; "changed" if the lease has been replaced. */
async function examine(
  dir: string,
  { file: name }: { file: string },
  { host = Deno.hostname(), patience = 120, signal, onWatch }: LeaseOptions,
): Promise<"dead" | "changed" | LeaseNote> {
  const file = join(dir, name);
  let first = readNote(file);
  if (!first) {
    await pause(500);
    first = readNote(file); // the read may have happened during a beat
  }
  if (!first) return exists(file) ? "dead" : "changed"; // leases are complete from the start, so this one is damaged
  if (first.host === host) return isLocked(file) ? first : exists(file) ? "dead" : "changed";
  onWatch?.(first, patience);
  for (const began = performance.now(); performance.now() - began < 1000 * patience;) {
    await pause(Math.min(1000, 250 * patience));
    signal?.throwIfAborted();
    const now = readNote(file);
    if (!now) return "changed";
    if (now.beat !== first.beat) return now;
  }
  return "dead";
}

/**
 * Whether a process of this host has locked a file. Tests with a shared lock, so that the test itself blocks nobody.
 */
function isLocked(file: string): boolean {
  let opened: Deno.FsFile | undefined; // not `using`: Node 20 does not support it
  try {
    opened = Deno.openSync(file, { read: true, write: true });
    return !opened.tryLockSync(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  } finally {
    opened?.close();
  }
}

function leases(dir: string, name: string): { number: number; file: string }[] {
  return [...Deno.readDirSync(dir)].flatMap(({ name: file }) => {
    const number = file.startsWith(`${name}.`) && /^\d+(?=\.json$)/.exec(file.slice(name.length + 1));
    return number ? [{ number: Number(number[0]), file }] : [];
  });
}

function newest(dir: string, name: string): { number: number; file: string } | undefined {
  return leases(dir, name).sort((a, b) => a.number - b.number).at(-1);
}

function writeNote(file: Deno.FsFile, note: LeaseNote): void {
  const bytes = new Uint8Array(NOTE_BYTES).fill(0x20);
  bytes.set(new TextEncoder().encode(JSON.stringify(note)).subarray(0, NOTE_BYTES - 1));
  bytes[NOTE_BYTES - 1] = 0x0a;
  file.seekSync(0, Deno.SeekMode.Start);
  file.writeSync(bytes);
}

function readNote(file: string): LeaseNote | undefined {
  try {
    return parseStored<LeaseNote>(Deno.readTextFileSync(file), leaseNote, file);
  } catch {
    return undefined; // gone or damaged
  }
}

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}

function removeIfThere(file: string): void {
  try {
    Deno.removeSync(file);
  } catch {
    // another process was faster
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
