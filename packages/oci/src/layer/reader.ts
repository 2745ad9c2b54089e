import type {TarEntry} from './tar-entry.ts';
import {TarParser} from './tar-parser.ts';

/** A member whose body is read, or passed over, before the next one comes. */
export interface TarMember {
  entry: TarEntry;
  /** Bytes of the file in order, holes as zeros. Read it at most once, and before asking for the next member. */
  body: AsyncIterable<Uint8Array>;
}

/** Holes are handed out in pieces of this size. */
const zeros = Buffer.alloc(64 << 10);

/** Reads an archive member by member with the consumer's pace. Throws `invalid-argument` for a damaged one. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember, void, void> {
  const events = tarEvents(source);
  try {
    for await (const event of events) {
      if (event.kind !== 'entry') continue;
      const body = memberBody(event.entry, events);
      yield {entry: event.entry, body};
      for await (const _ of body) {
        // what the consumer left unread
      }
    }
  } finally {
    await events.return();
  }
}

async function* tarEvents(source: AsyncIterable<Uint8Array>) {
  const parser = new TarParser();
  for await (const chunk of source) {
    parser.push(chunk);
    for (let event = parser.next(); event; event = parser.next()) yield event;
  }
  parser.finish();
}

async function* memberBody(
  entry: TarEntry,
  events: ReturnType<typeof tarEvents>,
): AsyncGenerator<Uint8Array, void, void> {
  let position = 0;
  for (;;) {
    const next = await events.next(); // not for-await: leaving that loop would end the archive
    if (next.done || next.value.kind === 'entry') return;
    if (next.value.kind === 'end') break;
    yield* fill(next.value.offset - position);
    position = next.value.offset + next.value.data.length;
    yield next.value.data;
  }
  yield* fill(entry.size - position);
}

function* fill(length: number): Generator<Uint8Array, void, void> {
  for (let left = length; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length));
}
