/** A file of the page, loaded when it meets such a recording. */
export { FLACDecoder } from "@wasm-audio-decoders/flac";
