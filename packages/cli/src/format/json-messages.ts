/** The stream of JSON messages of a pull, push, load or import, shown as Docker shows it. */
import type {JsonMessage} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import {CliError} from '../command/errors.ts';
import {parseJsonStream} from './json-stream.ts';

/**
 * Shows messages until the stream ends: on a terminal one line per id, rewritten as it progresses; elsewhere a line per
 * change without the bars. Throws CliError for a message that is an error.
 */
export async function showMessages(body: AsyncIterable<Uint8Array>, out: NodeJS.WriteStream): Promise<void> {
  const display = out.isTTY ? new TerminalDisplay(out) : new PlainDisplay(out);
  for await (const message of parseJsonStream<JsonMessage>(body)) {
    if (message.aux !== undefined) continue; // a result for programs, which says nothing new
    if (message.errorDetail || message.error) throw failure(message);
    display.show(message);
  }
}

function failure({error, errorDetail}: JsonMessage): CliError {
  const text = errorDetail?.message ?? error ?? '';
  return errorDetail?.code === 401 ? new CliError('authentication is required') : new CliError(text);
}

/** Without a terminal: what has a bar is not shown, only what follows it. */
class PlainDisplay {
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(message: JsonMessage): void {
    if (progressBar(message, 0) !== '') return;
    this.#out.write(message.stream ? message.stream : `${prefix(message)}${message.status ?? ''}\n`);
  }
}

/** One line per id; the cursor rests below the last of them. */
class TerminalDisplay {
  readonly #out: NodeJS.WriteStream;
  readonly #lines = new Map<string, number>();

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(message: JsonMessage): void {
    if (message.stream) {
      this.#lines.clear();
      this.#out.write(message.stream);
      return;
    }
    const bar = progressBar(message, this.#out.columns ?? 80);
    const text = `${prefix(message)}${message.status ?? ''}${bar && ` ${bar}`}`;
    if (!message.id || (!message.progressDetail && !this.#lines.has(message.id))) {
      this.#lines.clear(); // lines above a plain message are final
      this.#out.write(`${text}\n`);
      return;
    }
    this.#rewrite(message.id, text);
  }

  #rewrite(id: string, text: string): void {
    let line = this.#lines.get(id);
    if (line === undefined) {
      line = this.#lines.size;
      this.#lines.set(id, line);
      this.#out.write('\n');
    }
    const up = this.#lines.size - line;
    this.#out.write(`\x1b[${up}A\r\x1b[2K${text}\x1b[${up}B\r`);
  }
}

function prefix({id}: JsonMessage): string {
  return id ? `${id}: ` : '';
}

/** Terminals narrower than this get numbers only. */
const widthForBar = 110;
const barLength = 50;

/** `[====>    ]  1.2MB/3.4MB`; empty when there is nothing to measure. */
export function progressBar({progressDetail}: JsonMessage, width: number): string {
  const {current = 0, total = 0, units = '', hidecounts = false} = progressDetail ?? {};
  if (current <= 0 && total <= 0) return '';
  const show = (value: number) => (units === '' ? humanSize(value) : String(value));
  if (total <= 0) return units === '' ? show(current).padStart(8) : `${show(current)} ${units}`;
  const filled = Math.min(barLength, Math.trunc(((current / total) * 100) / 2));
  const bar = width > widthForBar ? `[${'='.repeat(filled)}>${' '.repeat(Math.max(0, barLength - filled))}] ` : '';
  if (hidecounts) return bar;
  const counts = units === '' ? `${show(current).padStart(8)}/${show(total)}` : `${current}/${total} ${units}`;
  return bar + (current > total ? show(current).padStart(8) : counts);
}
