/** A file of the page, loaded when it meets such a recording. */
export { OggVorbisDecoder } from "@wasm-audio-decoders/ogg-vorbis";
