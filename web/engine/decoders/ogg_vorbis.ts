/** A separate file of the page, loaded with the first such recording. */
export { OggVorbisDecoder } from "@wasm-audio-decoders/ogg-vorbis";
