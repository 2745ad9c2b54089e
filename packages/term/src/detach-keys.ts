/** The key sequence that leaves a container running: `ctrl-p,ctrl-q`, single characters and ctrl- combinations. */

export const defaultDetachKeys = 'ctrl-p,ctrl-q';

/** Bytes of the sequence; throws an Error with Docker's text for a key that does not exist. */
export function parseDetachKeys(text: string): Buffer {
  return Buffer.from(
    text.split(',').map(key => {
      if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
      const combination = /^ctrl-([a-z@[\\\]^_])$/.exec(key);
      if (!combination) throw new Error(`Unknown character: '${key}'`);
      return combination[1]!.toUpperCase().charCodeAt(0) & 0x1f;
    }),
  );
}

/** Watches typed bytes for the sequence, holding back a beginning of it until it is clear that it is not one. */
export class DetachDetector {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** What to pass on of `chunk`, and whether the sequence was completed (the rest of the chunk is then dropped). */
  push(chunk: Buffer): {pass: Buffer; isDetached: boolean} {
    const pass: Buffer[] = [];
    for (const byte of chunk) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return {pass: Buffer.concat(pass), isDetached: true};
        continue;
      }
      if (this.#matched > 0) pass.push(this.#keys.subarray(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) pass.push(Buffer.of(byte));
    }
    return {pass: Buffer.concat(pass), isDetached: false};
  }
}

/** The sequence in use: the flag's, the configuration's, or Docker's. Throws for one that cannot be. */
export function resolveDetachKeys(given: string, configured: string | undefined): Buffer {
  return parseDetachKeys(given || configured || defaultDetachKeys);
}
