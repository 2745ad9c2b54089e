/** The environment of the container's processes. */

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** PATH, HOSTNAME and TERM first, then what the image and the user set; theirs win, a bare `NAME` removes one. */
export function buildEnvironment(
  config: {Env: string[] | null; Tty: boolean},
  hostname: string,
  links: string[],
): string[] {
  const standard = [`PATH=${defaultPath}`, `HOSTNAME=${hostname}`, ...(config.Tty ? ['TERM=xterm'] : []), ...links];
  return overrideEnvironment(standard, config.Env ?? []);
}

/** `base` with the variables of `overrides` replaced where they stand, or added behind. */
export function overrideEnvironment(base: readonly string[], overrides: readonly string[]): string[] {
  const result = new Map(base.map(each => [nameOf(each), each] as const));
  for (const each of overrides) {
    if (each.includes('=')) result.set(nameOf(each), each);
    else result.delete(each);
  }
  return [...result.values()];
}

/** Variables of the image that the user did not set, behind those of the user. */
export function mergeImageEnvironment(user: string[] | null, image: string[] | null): string[] | null {
  if (!image?.length) return user;
  const names = new Set((user ?? []).map(nameOf));
  return [...(user ?? []), ...image.filter(each => !names.has(nameOf(each)))];
}

function nameOf(variable: string): string {
  return variable.split('=', 1)[0] as string;
}
