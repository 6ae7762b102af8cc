/** Checks which settings can be combined. */
import { OptionError } from "../base/option_error.ts";
import type { Settings } from "./settings.ts";

/**
 * Checks settings that depend on each other.
 *
 * @throws {OptionError} of the setting that contradicts the others
 */
export function checkSettings(settings: Settings): void {
  const { validationShare, monitor, profileHop, segmentHop, labelsFrom, method, scaling, gain, noise, conditions } =
    settings;
  if (validationShare === 0 && monitor !== "nothing") {
    const required = "nothing, since `validationShare: 0` leaves no validation set";
    throw new OptionError({ option: "monitor", required, found: monitor });
  }
  if (profileHop > 0 && segmentHop !== undefined && segmentHop % profileHop !== 0) {
    const required = `a divisor of \`segmentHop: ${segmentHop}\``;
    throw new OptionError({ option: "profileHop", required, found: profileHop });
  }
  if (scaling !== "global" && (gain > 0 || noise > 0)) {
    const required = "global, since `gain` and `noise` act on the mel spectrum itself";
    throw new OptionError({ option: "scaling", required, found: scaling });
  }
  if (scaling !== "global" && conditions !== "clean") {
    const required = `global, since \`conditions: ${conditions}\` learns recordings of several levels of noise`;
    throw new OptionError({ option: "scaling", required, found: scaling });
  }
  if (labelsFrom === "teacher-view" && method !== "pEPR" && method !== "sEPR") {
    const required = "pEPR or sEPR, since `labelsFrom: teacher-view` makes labels of single views";
    throw new OptionError({ option: "method", required, found: method });
  }
}
