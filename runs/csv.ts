/** Tables as CSV: commas, line feeds, and quotes around fields that require them (RFC 4180). */

/** The text of a table. */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(field).join(",") + "\n").join("");
}

function field(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
