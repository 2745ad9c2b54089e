/** JSON as Go writes it: fit to stand inside of HTML. Some collectors compare bytes. */

const special = /[<>&\u2028\u2029]/g;

/** The value as a JSON text, its keys in their own order. */
export function goJson(value: unknown): string {
  const toEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(special, toEscape);
}
