/** What a user's page does with the package: loads a model, asks it. The test calls `ask`. */
import { dsp } from "@epr/epr"; // the whole, less what reads files
import { loadModel } from "@epr/epr/models";

globalThis.ask = async (options) => {
  const model = await loadModel("model", options);
  const wav = await (await fetch("speech.wav")).arrayBuffer();
  const { emotion, probabilities, profile } = await model.predict(wav);
  const short = await model.predict(new Float32Array(100)).then(() => "", ({ name, message }) => `${name}: ${message}`);
  const { description, kind } = model.device;
  model.close();
  const none = await loadModel("nothing").then(() => "", ({ name, message }) => `${name}: ${message}`);
  const frames = dsp.logMel(dsp.decodeRecording(new Uint8Array(wav), "speech.wav").samples).length / dsp.frontEnd.nMels;
  return {
    frames,
    emotion,
    probabilities: [...probabilities],
    profile: [...profile],
    device: `${kind}: ${description}`,
    short,
    none,
  };
};
document.title = "ready";
