/** JSON as Go's encoding/json writes it: `<`, `>`, `&` and two line separators are escaped in strings. */
export function goJson(value: unknown, indent?: string | number): string {
  return JSON.stringify(value, null, indent).replaceAll(/[<>&\u2028\u2029]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
