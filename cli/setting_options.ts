/** Options generated from the table of settings: `--width`, `--batch-norm` and `--no-batch-norm`, `--schedule`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { type SettingName, SETTINGS, type Settings } from "../refinery/settings.ts";
import { optionName } from "../base/option_name.ts";
import { realNumber, wholeNumber } from "./common.ts";

/** Values of settings given as options, under commander's names. */
export type SettingFlags = Record<string, unknown>;

/** Settings whose options each command adds itself, or not at all. */
const CHAIN: readonly SettingName[] = ["method", "stages"];

/** Settings of cross-validation and fitting: all except those of the chain. */
export const NETWORK_SETTINGS = (Object.keys(SETTINGS) as SettingName[]).filter((name) => !CHAIN.includes(name));

/** Adds the options of some settings. */
export function addSettingOptions(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    for (const option of settingOptions(name)) command.addOption(option);
  }
  return command;
}

function settingOptions(name: SettingName): Option[] {
  const setting = SETTINGS[name], flag = optionName(name);
  switch (setting.kind) {
    case "switch":
      return [new Option(`--${flag}`, setting.help), new Option(`--no-${flag}`, `turn --${flag} off`)];
    case "whole":
      return [new Option(`--${flag} <n>`, setting.help).argParser(wholeNumber(setting))];
    case "real":
      return [new Option(`--${flag} <x>`, setting.help).argParser(realNumber(setting))];
    case "choice": {
      const choices = setting.choices.map(String);
      const help = `${setting.help} (choices: ${choices.join(", ")})`;
      const value = choices.every((choice) => Number(choice) > 0) ? "n" : "name";
      return [new Option(`--${flag} <${value}>`, help).argParser((value: string) => parseSetting(name, value))];
    }
  }
}

/**
 * Parses a setting's value.
 *
 * @throws {InvalidArgumentError} with the allowed values
 */
export function parseSetting(name: SettingName, text: string): string | number | boolean {
  const setting = SETTINGS[name];
  switch (setting.kind) {
    case "switch":
      if (text === "true" || text === "false") return text === "true";
      throw new InvalidArgumentError(`Expected true or false, found "${text}".`);
    case "whole":
      return wholeNumber(setting)(text);
    case "real":
      return realNumber(setting)(text);
    case "choice": {
      const value = (setting.choices as readonly (string | number)[]).find((choice) => String(choice) === text);
      if (value !== undefined) return value;
      throw new InvalidArgumentError(`Expected ${setting.choices.join(", ")}, found "${text}".`);
    }
  }
}

/** The settings given as options. */
export function givenSettings(flags: SettingFlags): Partial<Settings> {
  const given = (Object.keys(SETTINGS) as SettingName[]).flatMap((name) => {
    const value = flags[attributeName(name)];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given);
}

/** Commander's name for the option of a setting. */
const attributeName = (name: SettingName) => new Option(`--${optionName(name)}`).attributeName();
