/** A user who presses Ctrl-C. */

/**
 * Interrupts a program as soon as its standard error contains a text, and waits for its end.
 *
 * @returns its status, and all that it wrote to standard error
 */
export async function interrupt(child: Deno.ChildProcess, when: string): Promise<{ code: number; stderr: string }> {
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let stderr = "";
  for (let interrupted = false;;) {
    const { value, done } = await reader.read();
    if (done) break;
    stderr += value;
    if (interrupted || !stderr.includes(when)) continue;
    child.kill("SIGINT");
    interrupted = true;
  }
  const { code } = await child.status;
  await child.stdout.cancel();
  return { code, stderr };
}
