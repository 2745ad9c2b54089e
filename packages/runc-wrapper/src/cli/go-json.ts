/** JSON as Go's encoding/json writes it: `<`, `>`, `&` and two line separators are escaped in strings, bigints exact. */
export function goJson(value: unknown, indent?: string | number): string {
  return JSON.stringify(value, exactNumbers, indent).replaceAll(/[<>&\u2028\u2029]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** ECMAScript 2026; both runtimes have it and TypeScript's library does not know it yet. */
const {rawJSON} = JSON as unknown as {rawJSON(text: string): unknown};

function exactNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : value;
}
