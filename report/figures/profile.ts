/**
 * The paper's Figures 2 and 4: the profile of one utterance at each stage, below its waveform and its log-mel frames. All
 * panels share the axis of time; a segment is drawn at its middle.
 */
import { ordinal } from "../../base/numbering.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { segmentSeconds, segmentStartSeconds } from "../../dsp/segments.ts";
import { frontEnd } from "../../dsp/settings.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import { readSound, type RunView } from "../read_run.ts";
import type { StudyChain } from "../study.ts";
import { draw, emotionColours, type Plot, WIDTH } from "./draw.ts";
import { Overview } from "./overview.ts";
import { soundPanels } from "./sound.ts";

/** The panels of an utterance. @param utterance its index */
export async function profileFigure(chain: StudyChain, utterance: number): Promise<ReportFigure> {
  const [run] = chain.runs, { corpus, config: { settings } } = run, { emotions } = corpus;
  const { id, emotion, segmentCount } = corpus.utterances[utterance], hop = settings.profileHop || settings.segmentHop!;
  const sound = await readSound(run, utterance);
  const seconds = sound
    ? sound.length / frontEnd.sampleRate
    : segmentStartSeconds(segmentCount - 1, hop) + segmentSeconds();
  const x = (title: string | null): Plot => ({
    field: "t",
    type: "quantitative",
    scale: { domain: [0, seconds], nice: false },
    axis: { title, labels: title !== null, ticks: title !== null, grid: false, tickCount: 6 },
  });
  const stages = chain.runs[0].profiles.map((profiles, stage): Plot => {
    const last = stage === chain.stages - 1;
    return {
      title: `stage ${ordinal(stage)}`,
      width: WIDTH,
      height: 62,
      data: { values: profileRows(run, profiles, utterance, hop) },
      mark: { type: "line", strokeWidth: 1.6, interpolate: "monotone", point: segmentCount === 1 },
      encoding: {
        x: x(last ? "seconds" : null),
        y: { field: "p", type: "quantitative", title: null, scale: { domain: [0, 1] }, axis: { values: [0, 0.5, 1] } },
        color: {
          field: "emotion",
          type: "nominal",
          title: null,
          scale: { domain: emotions, range: emotionColours(emotions) },
          legend: { symbolType: "stroke" },
        },
      },
    };
  });
  const svg = await draw({
    spacing: 10,
    vconcat: [...(sound ? soundPanels(overviewOf(sound), x(null)) : []), ...stages],
  });
  const name = METHOD_NAMES[chain.method], seed = settings.seed;
  return {
    kind: "figure",
    id: `profile-${chain.method}`,
    caption: `${name}: ${id} (${emotions[emotion]}), its profile from the networks that held it out, seed ${seed}` +
      (sound ? ", under its waveform and log-mel frames." : ". Its recording was not available."),
    svg,
  };
}

function profileRows(run: RunView, profiles: Float32Array, utterance: number, hop: number) {
  const { emotions, utterances } = run.corpus, { firstSegment, segmentCount } = utterances[utterance];
  return Array.from({ length: segmentCount }, (_, s) =>
    emotions.map((emotion, k) => ({
      t: round(segmentStartSeconds(s, hop) + segmentSeconds() / 2),
      emotion,
      p: round(profiles[(firstSegment + s) * emotions.length + k]),
    }))).flat();
}

function overviewOf(samples: Float32Array): Overview {
  const overview = new Overview();
  overview.addSamples(samples);
  overview.addFrames(logMel(samples));
  return overview;
}

const round = (value: number) => Math.round(10000 * value) / 10000;
