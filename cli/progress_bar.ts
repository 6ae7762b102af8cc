/** The progress bar of long work. */
// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";

/** A progress bar with the time left, on stderr; prints nothing unless stderr is a terminal. */
export interface Bar {
  /** shows the progress */
  update(done: number, total: number): void;
  /** removes the bar */
  stop(): void;
}

/** Starts a bar. Stop it before printing anything else, including errors. */
export function progressBar(label: string): Bar {
  const bar = new cliProgress.SingleBar({
    format: `${label} {bar} {value}/{total} | {eta_formatted} left`,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false, // runCommand handles signals
  }, cliProgress.Presets.shades_classic);
  let started = false;
  return {
    update(done, total) {
      if (!started) bar.start(total, done);
      else bar.update(done);
      started = true;
    },
    stop: () => bar.stop(),
  };
}
