/** `npx @epr/epr COMMAND ...`: runs the npm package's commands, as Deno runs them with `deno task COMMAND`. */
import process from "node:process";

const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = { predict: () => import("../predict.ts") };

const [, , name, ...rest] = process.argv;
if (Object.hasOwn(COMMANDS, name ?? "")) {
  process.argv = [...process.argv.slice(0, 2), ...rest];
  await COMMANDS[name]();
} else {
  const known = Object.keys(COMMANDS).join(", ");
  const help = name === "--help" || name === "-h";
  (help ? console.log : console.error)(
    help || name === undefined
      ? `Usage: npx @epr/epr COMMAND [options], COMMAND one of: ${known}. --help after it shows its options.`
      : `error: expected a command (${known}), found "${name}"`,
  );
  process.exit(help ? 0 : 2);
}
