/** What EPR uses of the npm package `wav-decoder`, which brings no types. */
declare const wavDecoder: {
  decode: {
    /** Throws TypeError or RangeError on what it cannot read. `symmetric`: int16 / 32768 on both sides of zero. */
    sync(file: ArrayBuffer, options: { symmetric: boolean }): {
      sampleRate: number;
      length: number;
      channelData: Float32Array[];
    };
  };
};
export default wavDecoder;
