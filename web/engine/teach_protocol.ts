/** The part of the protocol for Teach: classes of takes go in, news and a model come out. */

/** A recording of one class. */
export interface Take {
  /** For people: a file's name, or "take 3". Unique in all classes. */
  name: string;
  /** Mono, 16 kHz, from the first speech to the last. */
  samples: Float32Array;
}

/** A class, with the user's name for it. */
export interface TeachClass {
  name: string;
  takes: readonly Take[];
}

/** A take after reading. */
export interface ReadTake {
  samples: Float32Array;
  /** Seconds of silence removed before and after the speech. */
  cut: number;
  /** Faults that did not stop the reading, one line each, with the recording's name. */
  warnings: readonly string[];
}

/** The description of a taught model. */
export interface TaughtModel {
  /** Its name, which is also its folder's name. */
  name: string;
  classes: string[];
  /** Number of takes that it learned. */
  takes: number;
  /** Folds of the cross-validation. */
  folds: number;
  /** Share of takes classified correctly by networks and a forest that were not trained on them. */
  accuracy: number;
  /** Wilson's 95 % interval of that share. */
  interval: { low: number; high: number };
  /**
   * Takes by class (rows) and decision (columns), each decided by networks and a forest that were not trained on it.
   */
  confusion: number[][];
  /** The decision on each take, by its name: indices of classes. */
  decidedAs: Record<string, number>;
  /** Duration in seconds, without the time in which others used the device. */
  seconds: number;
  /** Size of its archive in bytes. */
  bytes: number;
}

/** Events during learning. Networks are counted from 0: one per fold, then the final one. */
export type TeachNews =
  | {
    news: "teachReady";
    /** Steps of each network, summed over stages. */
    steps: number[];
    /** Number of takes held out from each network: none for the last. */
    heldOut: number[];
    classes: number;
  }
  /** @property step from 1, over all stages; done: finished share of the whole, 0 to 1 */
  | { news: "teachStep"; network: number; step: number; loss: number; perSecond: number; done: number }
  /** Number of held-out takes whose mean profile has their class as the most likely. */
  | { news: "teachLook"; network: number; step: number; right: number }
  | { news: "teachNetwork"; network: number; right: number; seconds: number };

/** Longest name of a class, in characters. */
export const LONGEST_NAME = 40;

/** Most classes: further ones would have no separate colours. */
export const MOST_CLASSES = 9;

/** Names count as equal if they differ only in case or spaces. */
export const plainName = (name: string): string => name.normalize("NFC").trim().replaceAll(/\s+/g, " ").toLowerCase();

/**
 * The missing requirements for learning, in sentences; empty if there are none.
 *
 * @param classes their names and numbers of takes
 */
export function whatIsMissing(classes: readonly { name: string; takes: number }[]): string[] {
  const missing: string[] = [], names = classes.map(({ name }) => plainName(name));
  if (classes.length < 2) missing.push(`Add a class: expected at least two to tell apart, found ${classes.length}.`);
  names.forEach((name, i) => {
    const place = `Class ${i + 1}`, given = classes[i].name.trim();
    if (name === "") missing.push(`${place} has no name.`);
    else if (names.indexOf(name) < i) {
      missing.push(`${place} has the name of class ${names.indexOf(name) + 1}, ${given}.`);
    } else if (given.length > LONGEST_NAME) {
      missing.push(`${place}: expected a name of at most ${LONGEST_NAME} characters, found ${given.length}.`);
    } else if (/\p{C}/u.test(given)) missing.push(`${place}: its name has a character that cannot be seen.`);
  });
  classes.forEach(({ name, takes }, i) => {
    if (takes >= 2) return;
    missing.push(
      `${name.trim() || `Class ${i + 1}`}: expected at least two takes, so that one can be held out, found ${takes}.`,
    );
  });
  return missing;
}
