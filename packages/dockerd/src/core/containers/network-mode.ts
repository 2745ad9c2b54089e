/** What the text of a NetworkMode says. */

const predefined = ['', 'default', 'bridge', 'host', 'none'];

export function isContainerMode(mode: string): boolean {
  return mode.startsWith('container:');
}

/** A network that somebody has made, by name or id. */
export function isUserDefinedMode(mode: string): boolean {
  return !predefined.includes(mode) && !isContainerMode(mode);
}
