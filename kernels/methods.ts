/**
 * The methods of a device: one for each kernel of the table. Each checks its arguments and hands them to the device's own
 * version of the kernel, with what that version takes for a buffer: an address, an array.
 *
 * @module
 */
import { type BufferClass, checkCall } from "./check.ts";
import type { DeviceBuffer } from "./device.ts";
import { type CallArguments, type Signature, signaturesOf } from "./signature.ts";
import type { Stretch } from "./stretch.ts";
import { type KernelArguments, type KernelName, KERNELS, type Kernels } from "./table.ts";

/** Signatures of all kernels. */
export const SIGNATURES: { readonly [N in KernelName]: Signature } = signaturesOf(KERNELS);

/** A device's versions of all kernels. `C` is what they run on, `T` what they take for a buffer. */
export type Versions<C, T> = { readonly [N in KernelName]: (context: C, args: KernelArguments<N, T>) => void };

/** How a device's buffers become what its kernels take. */
export interface BufferKind<S extends Stretch, T> {
  /** Their class. */
  readonly own: BufferClass<S>;
  /** Gives what a kernel takes. */
  readonly unwrap: (buffer: S) => T;
}

/** A class with a method for each kernel. Its constructor takes what tells the context: it is asked at each call. */
export function kernelMethods<C, S extends Stretch, T>(
  versions: Versions<C, T>,
  buffers: BufferKind<S, T>,
): new (context: () => C) => Kernels<DeviceBuffer> {
  return methodsOf(SIGNATURES, versions, buffers) as new (context: () => C) => Kernels<DeviceBuffer>;
}

/**
 * The same for any table.
 *
 * @throws Error that names a kernel of the table of which there is no version
 */
export function methodsOf<C, S extends Stretch, T>(
  signatures: Readonly<Record<string, Signature>>,
  versions: Readonly<Record<string, (context: C, args: never) => void>>,
  { own, unwrap }: BufferKind<S, T>,
): new (context: () => C) => object {
  class Methods {
    #context: () => C;

    constructor(context: () => C) {
      this.#context = context;
    }

    static {
      for (const [kernel, signature] of Object.entries(signatures)) {
        const version = versions[kernel] as undefined | ((context: C, args: CallArguments) => void);
        if (!version) throw new Error(`${kernel}: expected a version for each kernel of the table, found none`);
        const value = function (this: Methods, args: CallArguments) {
          checkCall(signature, args, own);
          const unwrapped = { ...args };
          for (const { name } of signature.buffers) {
            if (args[name] !== undefined) unwrapped[name] = unwrap(args[name] as S);
          }
          version(this.#context(), unwrapped);
        };
        Object.defineProperty(this.prototype, kernel, { value });
      }
    }
  }
  return Methods;
}
