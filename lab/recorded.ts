/** A device that writes down what its kernels are asked, so that it can be asked again: on the same buffers, alone or in turn. */
import type { Device } from "../kernels/device.ts";
import { type KernelName, KERNELS } from "../kernels/table.ts";

/** A call of a kernel, to run again. */
export interface Call {
  /** Of the kernel table. */
  kernel: KernelName;
  /** Its arguments, buffers among them. */
  args: unknown;
}

/** The device, with each call of a kernel written down. */
export function recorded(device: Device, calls: Call[]): Device {
  return new Proxy(device, {
    get(target, name) {
      const member = Reflect.get(target, name, target); // private fields want the device itself
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
