/** What the page and its engine tell each other about Teach: classes of takes go in, news and a model come out. */

/** A recording of one class. */
export interface Take {
  /** For people: a file's name, or "take 3". Unique in all classes. */
  name: string;
  /** Mono, 16 kHz, from the first speech to the last. */
  samples: Float32Array;
}

/** A class, as its user named it. */
export interface TeachClass {
  name: string;
  takes: readonly Take[];
}

/** A take as it was read. */
export interface ReadTake {
  samples: Float32Array;
  /** Seconds of silence before and after the speech that were cut. */
  cut: number;
  /** What is wrong with the recording and was read all the same, in lines that name it. */
  warnings: readonly string[];
}

/** A model that was taught, in words and figures. */
export interface TaughtModel {
  /** What it is called: the name of its folder. */
  name: string;
  classes: string[];
  /** Takes that it learned from. */
  takes: number;
  /** Folds of the cross-validation. */
  folds: number;
  /** Share of the takes that networks and a forest got right which had not heard them. */
  accuracy: number;
  /** Wilson's 95 % interval of that. */
  interval: { low: number; high: number };
  /** Takes by class (rows) and by what they were heard as (columns), each by those that had not heard it. */
  confusion: number[][];
  /** What each take was heard as, by its name: indices of classes. */
  heardAs: Record<string, number>;
  /** Seconds that it took, less those in which others had the device. */
  seconds: number;
  /** Bytes of its archive. */
  bytes: number;
}

/** What happens while it learns. Networks are counted from 0: one a fold, then the one that stays. */
export type TeachNews =
  | {
    news: "teachReady";
    /** Steps of each network, all stages together. */
    steps: number[];
    /** Takes that each network does not hear: none for the last. */
    heldOut: number[];
    classes: number;
  }
  /** @property step from 1, over all stages; done: share of the whole, 0 to 1 */
  | { news: "teachStep"; network: number; step: number; loss: number; perSecond: number; done: number }
  /** How many of the takes that it does not hear have their class as the likeliest of their mean profile. */
  | { news: "teachLook"; network: number; step: number; right: number }
  | { news: "teachNetwork"; network: number; right: number; seconds: number };

/** Longest name of a class, in characters. */
export const LONGEST_NAME = 40;

/** Most classes: more have no colours of their own. */
export const MOST_CLASSES = 9;

/** Names are the same where only their case or their spaces differ. */
export const plainName = (name: string): string => name.normalize("NFC").trim().replaceAll(/\s+/g, " ").toLowerCase();

/**
 * What is still to be done before classes can be learned, in sentences; none: they can.
 *
 * @param classes their names, and how many takes each has
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
