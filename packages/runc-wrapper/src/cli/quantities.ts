/** Numbers of the command line in the forms of Go's strconv and of docker's units, with their error texts. */

const limits = {ParseInt: [-(2n ** 63n), 2n ** 63n - 1n], ParseUint: [0n, 2n ** 64n - 1n]} as const;

/** A parser of decimal 64-bit integers, with a sign or without. Throws an Error in strconv's words. */
export function parseInteger(kind: keyof typeof limits): (text: string) => number {
  const pattern = kind === 'ParseInt' ? /^[+-]?\d+$/ : /^\d+$/;
  const [least, greatest] = limits[kind];
  return text => {
    const quoted = JSON.stringify(text);
    if (!pattern.test(text)) throw new Error(`strconv.${kind}: parsing ${quoted}: invalid syntax`);
    const value = BigInt(text.replace(/^\+/, ''));
    if (value < least || value > greatest) throw new Error(`strconv.${kind}: parsing ${quoted}: value out of range`);
    return Number(value);
  };
}

const units = ['', 'k', 'm', 'g', 't', 'p'];

/** A size in bytes: `1024`, `64k`, `1.5 GiB`, in powers of 1024. Throws an Error: `invalid size: '10x'`. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+) ?(?:([kmgtp])i?)?b?$/i.exec(text);
  if (!match) throw new Error(`invalid size: '${text}'`);
  return Math.floor(Number(match[1]) * 1024 ** units.indexOf((match[2] ?? '').toLowerCase()));
}
