/**
 * The methods of a device: one for each kernel of the table. Each checks its arguments and passes them to the device's
 * implementation of the kernel, with each buffer in that implementation's form: an address, an array.
 *
 * @module
 */
import { type BufferClass, checkCall } from "./check.ts";
import type { DeviceBuffer } from "./device.ts";
import { type CallArguments, type Signature, signaturesOf } from "./signature.ts";
import type { BufferStretch } from "./stretch.ts";
import { type KernelArguments, type KernelName, KERNELS, type Kernels } from "./table.ts";

/** Signatures of all kernels. */
export const SIGNATURES: { readonly [N in KernelName]: Signature } = signaturesOf(KERNELS);

/** A device's implementations of all kernels. `C` is their context, `T` their form of a buffer. */
export type Versions<C, T> = { readonly [N in KernelName]: (context: C, args: KernelArguments<N, T>) => void };

/** How a device's buffers are passed to its kernels. */
export interface BufferKind<S extends BufferStretch, T> {
  /** Their class. */
  readonly own: BufferClass<S>;
  /** Converts a buffer for a kernel. */
  readonly unwrap: (buffer: S) => T;
}

/**
 * A class with a method for each kernel. Its constructor receives a function that returns the context, called at each
 * kernel call.
 */
export type KernelMethods<C> = new (context: () => C) => Kernels<DeviceBuffer>;

/** Creates the class from the implementations of the kernels. */
export function kernelMethods<C, S extends BufferStretch, T>(
  versions: Versions<C, T>,
  buffers: BufferKind<S, T>,
): KernelMethods<C> {
  return methodsOf(SIGNATURES, versions, buffers) as KernelMethods<C>;
}

/**
 * The same for any table.
 *
 * @throws Error with the kernel's name, if a kernel of the table has no implementation
 */
export function methodsOf<C, S extends BufferStretch, T>(
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
