/** A separate file of the page, loaded with the first such recording. */
export { MPEGDecoder } from "mpg123-decoder";
