/** Devices that something happens to, for tests. */
import { CpuBuffer } from "../../kernels/cpu/buffer.ts";
import type { Device } from "../../kernels/device.ts";

/** A device to which something happens just after its nth call of a kernel. */
export function meddle(
  device: Device,
  kernel: "adam" | "conv2d",
  at: number,
  meddling: (device: Device, args: unknown) => void,
): Device {
  let calls = 0;
  return new Proxy(device, {
    get(target, name) {
      if (name === kernel) {
        return (args: never) => {
          target[kernel](args);
          if (++calls === at) meddling(target, args);
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Makes a worker of the CPU device trap, and so the device fail: it writes where no memory is. */
export function trapWorker(device: Device): void {
  const outside = new CpuBuffer(2 ** 31, 2 ** 10);
  device.fill({ x: outside, length: outside.length, value: 1 });
}
