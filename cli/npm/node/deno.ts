/**
 * Replaces Deno's API in the npm package, in Node, on top of Node's modules. Every module of the package that uses `Deno.` imports it
 * from here. Only the functions that the package uses exist.
 *
 * Node has no file locks that the system releases when the process ends. So a lock works only within the process, and the host's name
 * includes the process. To another process, a lease of this process seems to belong to another machine, and is valid as long as its beat
 * continues.
 */
import fs, { constants } from "node:fs";
import { availableParallelism, hostname, tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";

// functions of the language's library that Node 20 lacks
Promise.withResolvers ??= function <T>() {
  let resolve!: (value: T | PromiseLike<T>) => void, reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((...both) => [resolve, reject] = both);
  return { promise, resolve, reject };
} as typeof Promise.withResolvers;
Array.fromAsync ??= async function <T, R>(values: AsyncIterable<T>, map: (value: T) => R = (value) => value as never) {
  const all: R[] = [];
  for await (const value of values) all.push(map(value));
  return all;
} as typeof Array.fromAsync;
if (!("navigator" in globalThis)) {
  Object.assign(globalThis, {
    navigator: { hardwareConcurrency: availableParallelism(), userAgent: `Node.js/${process.version}` },
  });
}

/** Kinds of errors that programs distinguish, by Node's error code. */
const errors = {
  NotFound: class NotFound extends Error {},
  NotADirectory: class NotADirectory extends Error {},
  AlreadyExists: class AlreadyExists extends Error {},
};
const CODES: Record<string, new (message: string, options: ErrorOptions) => Error> = {
  ENOENT: errors.NotFound,
  ENOTDIR: errors.NotADirectory,
  EEXIST: errors.AlreadyExists,
};

function translate(error: unknown): never {
  const { code = "", message } = error as NodeJS.ErrnoException;
  throw Object.hasOwn(CODES, code) ? new CODES[code](message, { cause: error }) : error;
}

/** Runs a call and converts its errors to Deno's. */
function now<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    return translate(error);
  }
}

/** Converts a promise's errors to Deno's. */
const later = <T>(promise: Promise<T>): Promise<T> => promise.catch(translate);

const infoOf = (stats: fs.Stats) => ({
  isFile: stats.isFile(),
  isDirectory: stats.isDirectory(),
  isSymlink: stats.isSymbolicLink(),
  size: stats.size,
  mtime: stats.mtime,
});

const entryOf = (entry: fs.Dirent) => ({
  name: entry.name,
  isFile: entry.isFile(),
  isDirectory: entry.isDirectory(),
  isSymlink: entry.isSymbolicLink(),
});

/** Options for opening a file. */
interface OpenOptions {
  read?: boolean;
  write?: boolean;
  create?: boolean;
  createNew?: boolean;
  truncate?: boolean;
}

function flagsOf({ read, write, create, createNew, truncate }: OpenOptions): number {
  let flags = write ? (read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  if (create || createNew) flags |= constants.O_CREAT;
  if (createNew) flags |= constants.O_EXCL;
  if (truncate) flags |= constants.O_TRUNC;
  return flags;
}

/** Files that this process has locked, as "device:inode". */
const locked = new Set<string>();

/** An open file. */
class FsFile {
  readonly #fd: number;
  /** The position of the next read or write; undefined: managed by the system, as for a pipe. */
  #at?: number;
  #locks = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const at = this.#at ?? null;
    const count = await new Promise<number>((resolve, reject) =>
      fs.read(this.#fd, into, 0, into.length, at, (error, count) => error ? reject(error) : resolve(count))
    );
    if (this.#at !== undefined) this.#at += count;
    return count === 0 && into.length > 0 ? null : count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const at = this.#at ?? null;
    const count = await new Promise<number>((resolve, reject) =>
      fs.write(this.#fd, bytes, 0, bytes.length, at, (error, count) => error ? reject(error) : resolve(count))
    );
    if (this.#at !== undefined) this.#at += count;
    return count;
  }

  /** Moves to a position, counted from the beginning. */
  seek(offset: number, whence: number): Promise<number> {
    if (whence !== 0) {
      return Promise.reject(new RangeError(`seek(): expected a position from the start, found whence ${whence}`));
    }
    this.#at = offset;
    return Promise.resolve(offset);
  }

  stat() {
    return new Promise<ReturnType<typeof infoOf>>((resolve, reject) =>
      fs.fstat(this.#fd, (error, stats) => error ? reject(error) : resolve(infoOf(stats)))
    );
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fs.fsync(this.#fd, (error) => error ? reject(error) : resolve()));
  }

  syncData(): Promise<void> {
    return new Promise((resolve, reject) => fs.fdatasync(this.#fd, (error) => error ? reject(error) : resolve()));
  }

  lockSync(): void {
    locked.add(this.#identity());
    this.#locks = true;
  }

  /** Whether the lock is available; does not take it. */
  tryLockSync(): boolean {
    return !locked.has(this.#identity());
  }

  seekSync(offset: number): void {
    this.#at = offset;
  }

  writeSync(bytes: Uint8Array): number {
    const count = fs.writeSync(this.#fd, bytes, 0, bytes.length, this.#at ?? null);
    if (this.#at !== undefined) this.#at += count;
    return count;
  }

  close(): void {
    if (this.#locks) locked.delete(this.#identity());
    fs.closeSync(this.#fd);
  }

  #identity(): string {
    const { dev, ino } = fs.fstatSync(this.#fd);
    return `${dev}:${ino}`;
  }
}

/** Standard input, read in pieces of the requested size. */
class StandardInput {
  #pieces?: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  async read(into: Uint8Array): Promise<number | null> {
    this.#pieces ??= process.stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    if (this.#rest.length === 0) {
      const { value, done } = await this.#pieces.next();
      if (done) return null;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, into.length);
    into.set(piece);
    this.#rest = this.#rest.subarray(piece.length);
    return piece.length;
  }
}

const output = (stream: NodeJS.WriteStream) => ({
  isTerminal: () => stream.isTTY === true,
  write: (bytes: Uint8Array) =>
    new Promise<number>((resolve, reject) =>
      stream.write(bytes, (error?: Error | null) => error ? reject(error) : resolve(bytes.length))
    ),
});

/** Deno's API for the package's programs, without its types. */
export const Deno: object = {
  args: process.argv.slice(2),
  pid: process.pid,
  build: { os: process.platform === "win32" ? "windows" : process.platform },
  version: { deno: `none (Node ${process.versions.node})`, v8: process.versions.v8 },
  env: { get: (name: string): string | undefined => process.env[name] },
  permissions: { querySync: () => ({ state: "granted" }) },
  errors,
  SeekMode: { Start: 0 },
  FsFile,
  hostname: () => `${hostname()} (Node, process ${process.pid})`,
  cwd: () => process.cwd(),
  exit: (status?: number): never => process.exit(status),
  addSignalListener: (signal: NodeJS.Signals, listener: () => void) => void process.on(signal, listener),
  stdin: new StandardInput(),
  stdout: output(process.stdout),
  stderr: output(process.stderr),

  open: async (file: string, options: OpenOptions = { read: true }) =>
    await later(
      new Promise<FsFile>((resolve, reject) =>
        fs.open(file, flagsOf(options), 0o666, (error, fd) => error ? reject(error) : resolve(new FsFile(fd)))
      ),
    ),
  openSync: (file: string, options: OpenOptions = { read: true }) =>
    now(() => new FsFile(fs.openSync(file, flagsOf(options), 0o666))),
  stat: (file: string) => later(fs.promises.stat(file).then(infoOf)),
  statSync: (file: string) => now(() => infoOf(fs.statSync(file))),
  async *readDir(folder: string) {
    for (const entry of await later(fs.promises.readdir(folder, { withFileTypes: true }))) yield entryOf(entry);
  },
  readDirSync: (folder: string) => now(() => fs.readdirSync(folder, { withFileTypes: true }).map(entryOf)),
  readFile: (file: string) => later(fs.promises.readFile(file).then(plain)),
  readFileSync: (file: string) => now(() => plain(fs.readFileSync(file))),
  readTextFile: (file: string) => later(fs.promises.readFile(file, "utf8")),
  readTextFileSync: (file: string) => now(() => fs.readFileSync(file, "utf8")),
  writeFile: (file: string, bytes: Uint8Array) => later(fs.promises.writeFile(file, bytes)),
  writeFileSync: (file: string, bytes: Uint8Array) => now(() => fs.writeFileSync(file, bytes)),
  writeTextFile: (file: string, text: string) => later(fs.promises.writeFile(file, text)),
  writeTextFileSync: (file: string, text: string, { append = false } = {}) =>
    now(() => fs.writeFileSync(file, text, { flag: append ? "a" : "w" })),
  mkdir: (folder: string, options?: { recursive?: boolean }) => later(fs.promises.mkdir(folder, options)),
  mkdirSync: (folder: string, options?: { recursive?: boolean }) => now(() => fs.mkdirSync(folder, options)),
  makeTempDir: ({ prefix = "" } = {}) => later(fs.promises.mkdtemp(path.join(tmpdir(), prefix))),
  link: (from: string, to: string) => later(fs.promises.link(from, to)),
  linkSync: (from: string, to: string) => now(() => fs.linkSync(from, to)),
  readLink: (file: string) => later(fs.promises.readlink(file)),
  realPath: (file: string) => later(fs.promises.realpath(file)),
  rename: (from: string, to: string) => later(fs.promises.rename(from, to)),
  renameSync: (from: string, to: string) => now(() => fs.renameSync(from, to)),
  copyFile: (from: string, to: string) => later(fs.promises.copyFile(from, to)),
  remove: async (file: string, { recursive = false } = {}) => {
    const folder = (await later(fs.promises.lstat(file))).isDirectory();
    await later(folder && !recursive ? fs.promises.rmdir(file) : fs.promises.rm(file, { recursive }));
  },
  removeSync: (file: string) => now(() => fs.rmSync(file)),
};

/** Converts Node's Buffer to a plain Uint8Array: some methods differ. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
