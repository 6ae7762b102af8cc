/** A separate file of the page, loaded with the first such recording. */
export { FLACDecoder } from "@wasm-audio-decoders/flac";
