/** A file of the page, loaded when it meets such a recording. */
export { decoder } from "@audio/decode-aac";
