import {EngineError} from '@longshore/errdefs';

const standard = 'ctrl-p,ctrl-q';

/** Looks for the keys that detach a terminal; a beginning of them that leads nowhere is passed on. */
export class DetachKeys {
  readonly #keys: Buffer;
  #matched = 0;

  /** `ctrl-p,ctrl-q` or single characters, separated by commas. Throws `Invalid detach keys (x) provided`. */
  constructor(text: string) {
    this.#keys = Buffer.from((text || standard).split(',').map(key => codeOf(key, text)));
  }

  /** What goes on to the container, and whether the keys were complete. */
  filter(data: Buffer): {passed: Buffer; detached: boolean} {
    const passed: number[] = [];
    for (const byte of data) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return {passed: Buffer.from(passed), detached: true};
        continue;
      }
      passed.push(...this.#keys.subarray(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) passed.push(byte);
    }
    return {passed: Buffer.from(passed), detached: false};
  }
}

/** `ctrl-` with a letter or one of `@[\]^_`, or a character itself. */
function codeOf(key: string, text: string): number {
  const [, control] = /^ctrl-([a-z@[\\\]^_])$/i.exec(key) ?? [];
  if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
  if (key.length === 1) return key.charCodeAt(0);
  throw new EngineError('invalid-argument', `Invalid detach keys (${text}) provided`);
}
