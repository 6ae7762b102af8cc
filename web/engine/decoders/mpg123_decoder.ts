/** A file of the page, loaded when it meets such a recording. */
export { MPEGDecoder } from "mpg123-decoder";
