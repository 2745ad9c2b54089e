/** Finds the line of a key in TOML text, for error messages; the parser does not tell. */

/** 1 for the first line; undefined when the key is written in a way that this does not see (inline tables). */
export function lineOf(text: string, path: readonly string[]): number | undefined {
  const wanted = path.join('\0');
  let current: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\[?\s*(.+?)\s*\]\]?\s*(#.*)?$/.exec(line);
    if (header) current = splitKey(header[1] as string);
    const key = header ? undefined : /^\s*((?:"[^"]*"|'[^']*'|[\w-]+|\s*\.\s*)+)\s*=/.exec(line)?.[1];
    const here = key === undefined ? current : [...current, ...splitKey(key)];
    if ((header || key !== undefined) && here.join('\0') === wanted) return index + 1;
  }
  return undefined;
}

/** `plugins."io.containerd.x".root_path` into its parts. */
function splitKey(key: string): string[] {
  return [...key.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map(match => match[1] ?? match[2] ?? match[3] ?? '');
}
