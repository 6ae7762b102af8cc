/** Code shared by all commands: numbers on the command line, tables, and stopping a command. */
import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "commander";
import { realNumber, wholeNumber } from "../../cli/common.ts";
import { formatTable } from "../../report/table.ts";

Deno.test("wholeNumber() accepts whole numbers in its range and names other input", () => {
  const read = wholeNumber({ min: 2, max: 10 });
  assertEquals(["2", " 7 ", "+10"].map(read), [2, 7, 10]);
  for (const wrong of ["1", "11", "2.5", "1e1", "", "x", "0x5", "NaN"]) {
    const { message } = assertThrows(() => read(wrong), InvalidArgumentError);
    assertEquals(message, `Expected a whole number from 2 to 10, found "${wrong}".`);
  }
});

Deno.test("realNumber() accepts decimals and fractions within its bounds", () => {
  const read = realNumber({ above: 0, max: 4 });
  assertEquals(["0.5", "1/8", "1e-3", "4"].map(read), [0.5, 0.125, 0.001, 4]);
  for (const wrong of ["0", "-1", "4.1", "1/0", "", "x", "Infinity"]) {
    assertThrows(() => read(wrong), InvalidArgumentError, `Expected a number > 0 and <= 4, found "${wrong}".`);
  }
  assertThrows(() => realNumber()("x"), InvalidArgumentError, 'Expected a number, found "x".');
});

Deno.test("formatTable() aligns words left and numbers right", () => {
  const table = formatTable(["name", "n", "note"], [["a", 1234567, "x"], ["longer", 2, ""]]);
  assertEquals(table, "name            n  note\na       1,234,567  x\nlonger          2");
});

Deno.test({
  name: "runCommand() ends with 130 at Ctrl-C and 143 at SIGTERM, and one Ctrl-C that arrives twice is one",
  ignore: Deno.build.os === "windows", // has no such signals
  async fn() {
    const common = import.meta.resolve("../../cli/common.ts");
    const source = `
      import { createCommand, runCommand } from ${JSON.stringify(common)};
      await runCommand(createCommand("x", "x", []), async (signal) => {
        console.log("ready");
        await new Promise((_, reject) => {
          const alive = setTimeout(() => {}, 30000);
          // saving takes a moment
          signal.onabort = () => setTimeout(() => (clearTimeout(alive), reject(new Error("saved in out/run"))), 200);
        });
      }, []);`;
    const file = new URL("../../cli/", import.meta.url);
    const ends = async (...signals: Deno.Signal[]) => {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--allow-env", "-"],
        cwd: file,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(source));
      await writer.close();
      const out = child.stdout.getReader();
      assertEquals(new TextDecoder().decode((await out.read()).value), "ready\n");
      out.releaseLock();
      for (const signal of signals) child.kill(signal);
      const { code, stderr } = await child.output();
      return [code, new TextDecoder().decode(stderr)];
    };
    assertEquals(await ends("SIGINT", "SIGINT"), [130, "Stopped by Ctrl-C: saved in out/run\n"]);
    assertEquals(await ends("SIGTERM"), [143, "Stopped by SIGTERM: saved in out/run\n"]);
  },
});
