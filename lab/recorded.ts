/** A device that records its kernel calls, so that they can be repeated on the same buffers, alone or in turn. */
import type { Device } from "../kernels/device.ts";
import { type KernelName, KERNELS } from "../kernels/table.ts";

/** A recorded kernel call. */
export interface Call {
  /** The kernel's name in the table. */
  kernel: KernelName;
  /** Its arguments, buffers among them. */
  args: unknown;
}

/** Wraps a device so that each kernel call is recorded. */
export function recorded(device: Device, calls: Call[]): Device {
  return new Proxy(device, {
    get(target, name) {
      const member = Reflect.get(target, name, target); // private fields require the device itself
      if (typeof member !== "function") return member;
      if (!Object.hasOwn(KERNELS, name)) return member.bind(target);
      return (args: unknown) => {
        calls.push({ kernel: name as KernelName, args });
        member.call(target, args);
      };
    },
  });
}

/** Enqueues a call again. */
export function repeat(device: Device, { kernel, args }: Call): void {
  (device[kernel] as (args: unknown) => void)(args);
}
