/**
 * The four kinds of settings: a whole number, any number, yes or no, one of several. A record defines the allowed
 * values and the texts.
 */

/** Properties of every setting. */
export interface SettingWords {
  /** For reports and errors: "rate of Adam". */
  readonly label: string;
  /** Description for `--help`. */
  readonly help: string;
}

/** A whole number. */
export interface WholeSetting extends SettingWords {
  /** The kind of setting. */
  readonly kind: "whole";
  /** The smallest allowed value. */
  readonly min: number;
  /** The largest allowed value. */
  readonly max: number;
  /** The paper's value; if the paper gives none, our value for its setup. */
  readonly paper: number;
}

/** Any number. */
export interface RealSetting extends SettingWords {
  /** The kind of setting. */
  readonly kind: "real";
  /** The smallest allowed value. */
  readonly min?: number;
  /** The largest allowed value. */
  readonly max?: number;
  /** Values must be larger than this. */
  readonly above?: number;
  /** Values must be smaller than this. */
  readonly below?: number;
  /** The paper's value; if the paper gives none, our value for its setup. */
  readonly paper: number;
}

/** Yes or no. */
export interface SwitchSetting extends SettingWords {
  /** The kind of setting. */
  readonly kind: "switch";
  /** The paper's value; if the paper gives none, our value for its setup. */
  readonly paper: boolean;
}

/** One of several words or numbers. */
export interface ChoiceSetting<C extends string | number> extends SettingWords {
  /** The kind of setting. */
  readonly kind: "choice";
  /** The allowed values. */
  readonly choices: readonly C[];
  /** The paper's value; if the paper gives none, our value for its setup. */
  readonly paper: C;
}

/** The type of value that a record allows. */
export type SettingValue<S> = S extends ChoiceSetting<infer C> ? C : S extends SwitchSetting ? boolean : number;

/** A record for a whole number. */
export const whole = (
  paper: number,
  [min, max]: readonly [number, number],
  label: string,
  help: string,
): WholeSetting => //
({ kind: "whole", paper, min, max, label, help });

/** A record for any number. */
export const real = (
  paper: number,
  bounds: Pick<RealSetting, "min" | "max" | "above" | "below">,
  label: string,
  help: string,
): RealSetting => //
({ kind: "real", paper, ...bounds, label, help });

/** A record for yes or no. */
export const toggle = (paper: boolean, label: string, help: string): SwitchSetting => ({
  kind: "switch",
  paper,
  label,
  help,
});

/** A record for one of several words or numbers. */
export const choice = <C extends string | number>(
  paper: C,
  choices: readonly C[],
  label: string,
  help: string,
): ChoiceSetting<C> => //
({ kind: "choice", paper, choices, label, help });
