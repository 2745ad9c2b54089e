import {formatNano} from '../../core/time.ts';

const zero = 0x30;
const digits = 9;
/** Behind the digits of the time: `Z"}` and a line feed. */
const endSize = 4;

/**
 * What stands behind the text of a record, from the escaped line feed on. Only the digits of the time change from one
 * line to the next, so they are counted up in place.
 */
export class JsonSuffix {
  /** Length of the `\n` that a piece of a line does not have. */
  readonly afterLine = 2;
  readonly #head: string;
  #bytes: Buffer = Buffer.alloc(0);
  #time = -1n;

  constructor(stream: string, attributes: string) {
    this.#head = `\\n","stream":"${stream}"${attributes},"time":"`;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Of the time that it has. */
  get time(): bigint {
    return this.#time;
  }

  /** At most so many bytes come to the text of a record. */
  get recordSize(): number {
    return this.#bytes.length + 16;
  }

  setTime(time: bigint): void {
    if (time === this.#time) return;
    this.#time = time;
    this.#bytes = Buffer.from(`${this.#head}${formatNano(time)}"}\n`);
  }

  /** The next nanosecond whose text has as many digits: multiples of ten are left out, as LineClock does. */
  advance(): void {
    const last = this.#bytes.length - endSize - 1;
    const digit = (this.#bytes[last] as number) - zero;
    if (this.#time % 10n === 0n || !this.#carry(last, digit)) this.setTime(this.#time + (digit === 9 ? 2n : 1n));
    else this.#time += digit === 9 ? 2n : 1n;
  }

  /** Somebody has counted the digits up, within the same second. */
  countedUp(): void {
    const end = this.#bytes.length - endSize;
    const nano = Number(this.#bytes.toString('latin1', end - digits, end));
    this.#time += BigInt(nano) - (this.#time % 1_000_000_000n);
  }

  /** False when the second changes too. */
  #carry(last: number, digit: number): boolean {
    if (digit < 9) {
      this.#bytes[last] = zero + digit + 1;
      return true;
    }
    let at = last - 1;
    while (at > last - digits && this.#bytes[at] === zero + 9) at--;
    if (at <= last - digits) return false;
    this.#bytes[at] = (this.#bytes[at] as number) + 1;
    this.#bytes.fill(zero, at + 1, last);
    this.#bytes[last] = zero + 1;
    return true;
  }
}
