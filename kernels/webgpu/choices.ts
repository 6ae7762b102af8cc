/**
 * Remembers the plan of each product: given (in a run's `kernels.json`), measured, or otherwise the first estimate of
 * `plan.ts`. All choices can be exported as JSON and imported by another device.
 *
 * @module
 */
import { type CostModel, plansFor } from "./plan.ts";
import { type Plan, type Product, productKey } from "./product.ts";
import { type Variant, variantNamed } from "./variants.ts";

/** A plan in exported form. */
export interface Choice {
  /** A variant's name. */
  variant: string;
  /** Number of parts along k. */
  splits: number;
  /** Whether to use Winograd's algorithm, for a convolution or one of its gradients. */
  winograd?: true;
}

/** Plans by product, e.g. `{ "conv2d 65536x128x1152": { "variant": "tile 128x128x16", "splits": 1 } }`. */
export type KernelChoices = Record<string, Choice>;

/** The plans of one device. */
export class Choices {
  /** The model for its estimates. */
  readonly model: CostModel;
  #unfit: (variant: Variant) => string | undefined;
  #plans = new Map<string, Plan>();
  #guesses = new Map<string, Plan>();

  /** @param unfit the requirement of a variant that the device does not meet; undefined if the device can run it */
  constructor(model: CostModel, unfit: (variant: Variant) => string | undefined) {
    this.model = model;
    this.#unfit = unfit;
  }

  /** Whether a product's plan was given or measured. */
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

  /** Every possible plan, the most promising first. */
  candidates(product: Product): Plan[] {
    return plansFor(product, this.model, (variant) => this.#unfit(variant) === undefined);
  }

  /** Sets the plan of a product. */
  set(product: Product, plan: Plan): void {
    this.#plans.set(productKey(product), plan);
  }

  /**
   * Imports exported choices.
   *
   * @throws TypeError or RangeError with the product, if a choice is invalid or this device can't run it
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

  /** The choices so far; with `guesses` including estimates, otherwise only those given or measured. */
  export({ guesses }: { guesses: boolean }): KernelChoices {
    const sorted = [...guesses ? this.#guesses : [], ...this.#plans].sort(([a], [b]) => a < b ? -1 : 1);
    return Object.fromEntries(
      sorted.map(([key, { variant, ...rest }]) => [key, { variant: variant.name, ...rest }]),
    );
  }
}
