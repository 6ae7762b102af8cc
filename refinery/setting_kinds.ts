/** The four kinds of settings: a whole number, any number, yes or no, one of some. A record says what a setting may be, and in which words. */

/** What every setting has. */
export interface SettingWords {
  /** For reports and errors: "rate of Adam". */
  readonly label: string;
  /** For `--help`: what it does. */
  readonly help: string;
}

/** A whole number. */
export interface WholeSetting extends SettingWords {
  /** Which of the four it is. */
  readonly kind: "whole";
  /** The smallest that is allowed. */
  readonly min: number;
  /** The largest. */
  readonly max: number;
  /** The paper's value; where it says none, ours for its setup. */
  readonly paper: number;
}

/** Any number. */
export interface RealSetting extends SettingWords {
  /** Which of the four it is. */
  readonly kind: "real";
  /** The smallest that is allowed. */
  readonly min?: number;
  /** The largest. */
  readonly max?: number;
  /** It must be larger than this. */
  readonly above?: number;
  /** It must be smaller than this. */
  readonly below?: number;
  /** The paper's value; where it says none, ours for its setup. */
  readonly paper: number;
}

/** Yes or no. */
export interface SwitchSetting extends SettingWords {
  /** Which of the four it is. */
  readonly kind: "switch";
  /** The paper's value; where it says none, ours for its setup. */
  readonly paper: boolean;
}

/** One of some words, or of some numbers. */
export interface ChoiceSetting<C extends string | number> extends SettingWords {
  /** Which of the four it is. */
  readonly kind: "choice";
  /** What it may be. */
  readonly choices: readonly C[];
  /** The paper's value; where it says none, ours for its setup. */
  readonly paper: C;
}

/** What a record allows. */
export type SettingValue<S> = S extends ChoiceSetting<infer C> ? C : S extends SwitchSetting ? boolean : number;

/** A record of a whole number. */
export const whole = (
  paper: number,
  [min, max]: readonly [number, number],
  label: string,
  help: string,
): WholeSetting => //
({ kind: "whole", paper, min, max, label, help });

/** A record of any number. */
export const real = (
  paper: number,
  bounds: Pick<RealSetting, "min" | "max" | "above" | "below">,
  label: string,
  help: string,
): RealSetting => //
({ kind: "real", paper, ...bounds, label, help });

/** A record of yes or no. */
export const toggle = (paper: boolean, label: string, help: string): SwitchSetting => ({
  kind: "switch",
  paper,
  label,
  help,
});

/** A record of one of some words or numbers. */
export const choice = <C extends string | number>(
  paper: C,
  choices: readonly C[],
  label: string,
  help: string,
): ChoiceSetting<C> => //
({ kind: "choice", paper, choices, label, help });
