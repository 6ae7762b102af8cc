/** A separate file of the page, loaded with the first such recording. */
export { decoder } from "@audio/decode-aac";
