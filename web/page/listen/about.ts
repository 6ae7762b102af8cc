/** Texts about the model, the result and errors. */
import { DeviceLostError } from "../../../kernels/device_lost.ts";
import { frontEnd } from "../../../dsp/settings.ts";
import type { ModelDescription } from "../../../models/description.ts";
import type { ProfileExport } from "./export.ts";

/** Samples below this count as silence: -60 dB of full scale. */
const HARDLY_ANY = 0.001;

/** The model in use, and how far to trust it. */
export function aboutModel({ name, training, accuracy }: ModelDescription): string {
  const { corpus, utterances, speakers } = training;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `Model ${name}: trained on ${utterances} recordings of ${speakers} speakers (${corpus}).`,
    ...accuracy.map(({ weightedAccuracy, protocol }) =>
      `Right for ${percent(weightedAccuracy)} of them in ${protocol}.`
    ),
    corpus === "synthetic"
      ? ""
      : "The synthetic examples are made by rule; the model was trained on nothing like them.",
  ].join(" ");
}

/** The recording: its duration, its segments, the speed, and whether it has any sound. */
export function aboutRecognition(
  { name, emotions, recognition }: Pick<ProfileExport, "name" | "emotions" | "recognition">,
): string {
  const { seconds, profile, segmentHop, took, samples, speech } = recognition,
    segments = profile.length / emotions.length;
  const spoken = speech.reduce((sum, one) => sum + one, 0), silent = 100 * (1 - spoken / segments);
  const every = 1000 * segmentHop * frontEnd.hopLength / frontEnd.sampleRate;
  return [
    `${name}: ${seconds.toFixed(2)} s`,
    segments === 1 ? "1 segment" : `${segments} segments, one every ${every} ms`,
    `processed in ${duration(took)}`,
    `${(seconds / took).toFixed(0)} times as fast as it was spoken.`,
  ].join(", ") + (samples.every((x) =>
      Math.abs(x) < HARDLY_ANY
    )
    ? " It has hardly any sound, so its emotion means nothing."
    : spoken === 0
    ? " It has no speech, by its energy, so its emotion means little."
    : silent < 1
    ? ""
    : ` ${silent.toFixed(0)} % of it has no speech and was not judged.`);
}

/** An error with the recording's name, unless it is the device's. */
export function named(error: unknown, name: string): Error {
  if (error instanceof DeviceLostError) return error;
  const { message, name: kind } = error instanceof Error ? error : new Error(String(error));
  return Object.assign(new Error(message.includes(name) ? message : `${name}: ${message}`), { name: kind });
}

const duration = (seconds: number) => seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`;
