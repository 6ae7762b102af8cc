/**
 * Which plan each product is computed by, remembered: what was given (a run's `kernels.json`), what was measured, else the
 * first guess of `plan.ts`. All of it can be written down as JSON and given to another device.
 *
 * @module
 */
import { type Model, plansFor } from "./plan.ts";
import { type Plan, type Product, productKey } from "./product.ts";
import { type Variant, variantNamed } from "./variants.ts";

/** A plan as it is written down. */
export interface Choice {
  /** A variant's name. */
  variant: string;
  /** Parts along k. */
  splits: number;
  /** Whether by Winograd's algorithm; a convolution or one of its gradients. */
  winograd?: true;
}

/** Plans by product, e.g. `{ "conv2d 65536x128x1152": { "variant": "tile 128x128x16", "splits": 1 } }`. */
export type KernelChoices = Record<string, Choice>;

/** The plans of one device. */
export class Choices {
  /** What it guesses by. */
  readonly model: Model;
  #unfit: (variant: Variant) => string | undefined;
  #plans = new Map<string, Plan>();
  #guesses = new Map<string, Plan>();

  /** @param unfit what a variant wants that the device has not; undefined where the device can run it */
  constructor(model: Model, unfit: (variant: Variant) => string | undefined) {
    this.model = model;
    this.#unfit = unfit;
  }

  /** Whether its plan was given or measured. */
  has(product: Product): boolean {
    return this.#plans.has(productKey(product));
  }

  /** The plan of a product. */
  plan(product: Product): Plan {
    const key = productKey(product);
    let plan = this.#plans.get(key) ?? this.#guesses.get(key);
    if (!plan) this.#guesses.set(key, plan = this.candidates(product)[0]);
    return plan;
  }

  /** Every plan that may be chosen, the likeliest best first. */
  candidates(product: Product): Plan[] {
    return plansFor(product, this.model, (variant) => this.#unfit(variant) === undefined);
  }

  /** Chooses. */
  set(product: Product, plan: Plan): void {
    this.#plans.set(productKey(product), plan);
  }

  /**
   * Takes over what was written down.
   *
   * @throws TypeError or RangeError that names the product, where a choice is none or one that this device cannot run
   */
  import(choices: KernelChoices): void {
    for (const [key, { variant: name, splits, winograd }] of Object.entries(choices)) {
      const variant = variantNamed(name);
      const lacking = this.#unfit(variant);
      if (lacking) {
        throw new RangeError(
          `The choice for "${key}": expected a variant that this device can run, found "${name}", which needs ${lacking}`,
        );
      }
      if (!(Number.isInteger(splits) && splits > 0)) {
        throw new TypeError(`The choice for "${key}": expected a whole number of parts >= 1, found ${splits}`);
      }
      if (winograd && !key.startsWith("conv2d")) {
        throw new RangeError(
          `The choice for "${key}": expected Winograd's algorithm for convolutions only, found it here`,
        );
      }
      this.#plans.set(key, { variant, splits, ...(winograd && { winograd }) });
    }
  }

  /** What is known by now; `guesses` too, or only what was given or measured. */
  export({ guesses }: { guesses: boolean }): KernelChoices {
    const sorted = [...guesses ? this.#guesses : [], ...this.#plans].sort(([a], [b]) => a < b ? -1 : 1);
    return Object.fromEntries(
      sorted.map(([key, { variant, ...rest }]) => [key, { variant: variant.name, ...rest }]),
    );
  }
}
