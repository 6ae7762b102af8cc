/** The part of the npm package `wav-decoder` that EPR uses; the package has no types. */
declare const wavDecoder: {
  decode: {
    /** Throws TypeError or RangeError if it cannot read the file. `symmetric`: int16 / 32768 on both sides of zero. */
    sync(file: ArrayBuffer, options: { symmetric: boolean }): {
      sampleRate: number;
      length: number;
      channelData: Float32Array[];
    };
  };
};
export default wavDecoder;
