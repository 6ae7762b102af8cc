/** A file of the page, loaded when it meets such a recording. */
export { OggOpusDecoder } from "ogg-opus-decoder";
