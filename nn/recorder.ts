/**
 * Reverse-mode differentiation. While a network runs forward, each operation records a closure that passes its output's
 * gradient on to its inputs. `backward()` runs the closures from last to first: the chain rule, read backwards from a tape.
 *
 * A gradient reaches a tensor once for each use. The first use writes it, later ones add.
 *
 * The tape owns the tensors that it creates. `backward()` frees each activation and its gradient as soon as nothing later
 * needs them; `release()` frees the rest. The same operations in the same order get the same buffers every step.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { sizeOf, Tensor } from "./tensor.ts";

/** The closures and the memory of a tape. */
export class Recorder {
  readonly #device: Device;
  readonly #recording: boolean;
  #steps: { output: Tensor; pushBack: () => void }[] = [];
  #owned = new Set<DeviceBuffer>();

  /** @param recording whether gradients can be computed */
  constructor(device: Device, recording: boolean) {
    [this.#device, this.#recording] = [device, recording];
  }

  /** Passes a gradient that no kernel masked on to x: unchanged, or masked if x is rectified. */
  passOn(x: Tensor, dy: DeviceBuffer, dx: DeviceBuffer): void {
    if (x.rectified) this.#device.reluGradient({ dy, mask: x.buffer, dx, length: x.length });
    else if (dx !== dy) this.#device.copy({ x: dy, y: dx, length: x.length });
  }

  /** Lets `write` fill the gradients of `tensors`. If a tensor already has a gradient, adds to it. */
  receive(tensors: Tensor[], write: (into: DeviceBuffer[]) => void): void {
    if (!tensors.some((t) => t.requiresGradient)) return;
    const parts = tensors.map((t) => {
      if (!t.hasGradient) t.gradient ??= this.own(t.length, "gradient of activations");
      return t.hasGradient ? this.own(t.length, "a further gradient") : t.gradient!;
    });
    write(parts);
    tensors.forEach((t, i) => {
      if (t.hasGradient) {
        this.#device.add({ a: t.gradient!, b: parts[i], y: t.gradient!, length: t.length });
        this.free(parts[i]);
      }
      t.hasGradient = true;
    });
  }

  /** Records how to pass the gradient of `output` on to the inputs of its operation. */
  record(output: Tensor, pushBack: (dy: DeviceBuffer) => void): void {
    if (this.#recording) this.#steps.push({ output, pushBack: () => pushBack(output.gradient!) });
  }

  /** An empty tensor for what an operation computes from `inputs`; `rectified` if a fused ReLU does. */
  output(shape: readonly number[], inputs: Tensor[], purpose: string, rectified = false): Tensor {
    for (const input of inputs) input.hasGradient = false; // resets the flags of the previous step
    return this.make(shape, purpose, { requiresGradient: inputs.some((t) => t.requiresGradient), rectified });
  }

  /** An empty tensor that the tape owns. */
  make(shape: readonly number[], purpose: string, options = {}): Tensor {
    return new Tensor(shape, this.own(sizeOf(shape), `${purpose} [${shape}]`), options);
  }

  /** A buffer of `length` numbers that the tape owns. */
  own(length: number, purpose: string): DeviceBuffer {
    const buffer = this.#device.allocate(length, purpose);
    this.#owned.add(buffer);
    return buffer;
  }

  /** Gives a buffer back, if the tape still owns it. */
  free(buffer: DeviceBuffer): void {
    if (this.#owned.delete(buffer)) this.#device.release(buffer);
  }

  /**
   * Runs the tape backwards, so that every parameter receives the loss's gradient. Frees activations on the way.
   *
   * @param from start at this tensor instead of at a loss, with `gradient` of the same shape
   */
  backward(from?: Tensor, gradient?: DeviceBuffer): void {
    if (!this.#recording) throw new Error("backward(): expected a tape that records, found one made without recording");
    if (from && gradient) {
      from.gradient = this.own(from.length, "gradient to start from");
      this.passOn(from, gradient, from.gradient);
      from.hasGradient = true;
    }
    for (const { output, pushBack } of this.#steps.reverse()) {
      if (output.hasGradient) pushBack();
      if (output.gradient) this.free(output.gradient);
      this.free(output.buffer);
    }
    this.#steps = [];
  }

  /** Frees everything that the tape still owns. Its tensors must not be used afterwards. */
  release(): void {
    for (const buffer of this.#owned) this.#device.release(buffer);
    this.#owned.clear();
    this.#steps = [];
  }
}
