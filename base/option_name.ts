/** The name of a setting's option: "batch-norm", and "validation" for the validation share. */
export function optionName(setting: string): string {
  if (setting === "validationShare") return "validation";
  return setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
