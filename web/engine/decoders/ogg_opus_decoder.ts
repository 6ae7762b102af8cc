/** A separate file of the page, loaded with the first such recording. */
export { OggOpusDecoder } from "ogg-opus-decoder";
