/**
 * Measures the memory of `deno task predict` for an hour of sound in each format, with the shipped model and its own segments: run `deno
 * run -A tests/cli/hour_memory.ts [KIND...]`.
 *
 * FFmpeg makes a minute, a swept tone with noise, and concatenates it sixty times, still compressed. The result is the process's peak
 * memory (VmHWM of Linux). The exit status is 1 if a format takes 600 MB or more.
 */
import { join } from "@std/path";

/** FFmpeg's options. */
const KINDS: Record<string, string[]> = {
  "mulaw.wav": ["-ar", "8000", "-c:a", "pcm_mulaw"],
  "mp3.mp3": ["-ar", "44100", "-ac", "2", "-c:a", "libmp3lame", "-b:a", "128k"],
  "flac.flac": ["-ar", "44100", "-ac", "2", "-c:a", "flac"],
  "vorbis.ogg": ["-ar", "44100", "-ac", "2", "-c:a", "libvorbis"],
  "opus.opus": ["-ac", "1", "-c:a", "libopus", "-b:a", "32k"],
  "aac.m4a": ["-ar", "44100", "-ac", "2", "-c:a", "aac"],
  "adpcm.wav": ["-ar", "8000", "-c:a", "adpcm_ima_wav"],
};

const MOST = 600e6;

async function ffmpeg(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ffmpeg", { args: ["-v", "error", ...args], stdin: "null" })
    .output();
  if (!success) throw new Error(`ffmpeg: ${new TextDecoder().decode(stderr)}`);
}

const root = join(import.meta.dirname!, "..", "..");
const dir = await Deno.makeTempDir({ prefix: "epr_hour_" });
let faults = 0;
try {
  for (const [name, options] of Object.entries(KINDS)) {
    if (Deno.args.length > 0 && !Deno.args.some((kind) => name.startsWith(kind))) continue;
    const file = join(dir, name), minute = join(dir, `minute-${name}`);
    const sound = "aevalsrc='0.3*sin(2*PI*(300*t+20*sin(t)))+0.1*(random(0)-0.5)':s=16000:d=60";
    await ffmpeg(["-f", "lavfi", "-i", sound, ...options, minute]);
    await ffmpeg(["-stream_loop", "59", "-i", minute, "-c", "copy", file]);
    const began = performance.now();
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "-P=predict",
        "cli/predict.ts",
        "--device",
        "cpu",
        "--quiet",
        file,
      ],
      cwd: root,
      stdin: "null",
      stdout: "piped",
    }).spawn();
    let most = 0;
    const timer = setInterval(() => {
      try {
        const [, kB] = Deno.readTextFileSync(`/proc/${child.pid}/status`).match(/VmHWM:\s+(\d+)/) ?? [];
        if (kB !== undefined) most = Math.max(most, 1024 * Number(kB));
      } catch {
        // it has ended
      }
    }, 100);
    const { success, stdout } = await child.output();
    clearInterval(timer);
    const [said] = new TextDecoder().decode(stdout).match(/[\d.,]+ s(?=\s)/) ?? [];
    const seconds = Math.round((performance.now() - began) / 1000);
    const { size } = await Deno.stat(file);
    console.log(
      `${name}: ${(size / 1e6).toFixed(1)} MB, heard ${said?.trim()}, at most ${
        (most / 1e6).toFixed(0)
      } MB, ${seconds} s`,
    );
    if (!success || most === 0 || most >= MOST || !(Math.abs(parseFloat(said?.replace(",", "") ?? "") - 3600) <= 10)) {
      faults++;
    }
    await Deno.remove(file);
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}
if (faults > 0) Deno.exit(1);
