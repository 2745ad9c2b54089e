/** JSON values one after the other in a stream of bytes: messages, events, statistics. */
import {parseExactJson} from '@longshore/term';

/** A value longer than this is no message of an engine's. */
const maxLength = 64 * 1024 * 1024;

/** Values need not stand on lines of their own, nor on one line each. */
export async function* parseJsonStream<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  const splitter = new ValueSplitter();
  for await (const chunk of body) {
    for (const text of splitter.push(decoder.decode(chunk, {stream: true}))) yield parseExactJson(text) as T;
  }
  const rest = splitter.rest();
  if (rest !== '') throw new Error(`unexpected end of JSON input after ${JSON.stringify(rest.slice(0, 80))}`);
}

/** Finds where each top-level object or array ends. */
class ValueSplitter {
  #text = '';
  #at = 0;
  #depth = 0;
  #inString = false;

  *push(piece: string): Generator<string> {
    this.#text += piece;
    if (this.#text.length > maxLength) throw new Error('JSON value too long');
    const marks = /["\\{}[\]]/g;
    for (;;) {
      marks.lastIndex = this.#at;
      const match = marks.exec(this.#text);
      if (!match) break;
      // A backslash may be the last character so far: what it escapes is still to come.
      if (match[0] === '\\' && match.index + 1 >= this.#text.length) {
        this.#at = match.index;
        return;
      }
      const end = this.#step(match[0], match.index);
      if (end === undefined) continue;
      yield this.#text.slice(0, end);
      this.#text = this.#text.slice(end);
      this.#at = 0;
    }
    this.#at = this.#text.length;
  }

  rest(): string {
    return this.#text.trim();
  }

  /** Takes in one mark; the offset after the value when it ends here. */
  #step(mark: string, at: number): number | undefined {
    this.#at = at + (mark === '\\' ? 2 : 1);
    if (mark === '\\') return undefined;
    if (mark === '"') {
      this.#inString = !this.#inString;
      return undefined;
    }
    if (this.#inString) return undefined;
    this.#depth += mark === '{' || mark === '[' ? 1 : -1;
    return this.#depth === 0 ? at + 1 : undefined;
  }
}
