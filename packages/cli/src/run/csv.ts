/** One line of comma-separated values, as `--mount`, `--network` and `--gpus` are written. */

/** Fields; one in double quotes may hold commas, and quotes doubled. Throws an Error with the text of Go's reader. */
export function parseCsvLine(text: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at <= text.length; ) {
    if (text[at] === '"') {
      const end = closingQuote(text, at);
      fields.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 2;
      continue;
    }
    const comma = text.indexOf(',', at);
    const end = comma < 0 ? text.length : comma;
    const field = text.slice(at, end);
    const quote = field.indexOf('"');
    if (quote >= 0) throw new Error(`parse error on line 1, column ${at + quote + 1}: bare " in non-quoted-field`);
    fields.push(field);
    at = end + 1;
  }
  return fields;
}

function closingQuote(text: string, open: number): number {
  for (let at = open + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0)
      throw new Error(`parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`);
    if (text[at + 1] === '"') {
      at++;
      continue;
    }
    if (at + 1 < text.length && text[at + 1] !== ',') {
      throw new Error(`parse error on line 1, column ${at + 1}: extraneous or missing " in quoted-field`);
    }
    return at;
  }
}
