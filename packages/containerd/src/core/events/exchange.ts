/** Where events meet their subscribers. Nothing is kept: a subscriber sees what comes after it subscribed. */
import {AsyncQueue} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {type Fields, type Filter, parseFilters} from '../filters/filter.ts';
import type {TypedValue} from '../metadata/records.ts';
import {checkIdentifier, quote} from '../names.ts';
import {now} from '../time.ts';
import type {EngineEvent, Envelope, EventCodec, EventPublisher} from './events.ts';

/** A subscriber that falls this far behind loses its stream instead of filling the memory. */
const maxQueued = 65_536;

type Subscriber = {filter: Filter; queue: AsyncQueue<Envelope>};

export class EventExchange implements EventPublisher {
  readonly #codec: EventCodec;
  readonly #subscribers = new Set<Subscriber>();

  constructor(codec: EventCodec) {
    this.#codec = codec;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  publish(namespace: string, event: EngineEvent): void {
    if (this.#subscribers.size === 0) return;
    this.#deliver({timestamp: now(), namespace, topic: event.topic, event: this.#codec.encode(event)});
  }

  /** An event that a client made. Throws invalid-argument for a topic or namespace that is not one. */
  publishRaw(namespace: string, topic: string, event: TypedValue): void {
    this.forward({timestamp: now(), namespace, topic, event});
  }

  /** An event that happened elsewhere, with its own time. Throws invalid-argument. */
  forward(envelope: Envelope): void {
    checkIdentifier(envelope.namespace);
    checkTopic(envelope.topic);
    this.#deliver(envelope);
  }

  /**
   * Events from now on that match one of the filters; the subscription exists when this returns. It ends with the
   * signal. Throws invalid-argument for a bad filter; the iteration throws resource-exhausted when it is too slow.
   */
  subscribe(filters: readonly string[], signal: AbortSignal): AsyncIterable<Envelope> {
    const subscriber: Subscriber = {filter: parseFilters(filters), queue: new AsyncQueue(maxQueued)};
    const end = () => subscriber.queue.end();
    this.#subscribers.add(subscriber);
    signal.addEventListener('abort', end, {once: true});
    if (signal.aborted) end();
    return this.#drain(subscriber, () => signal.removeEventListener('abort', end));
  }

  async *#drain(subscriber: Subscriber, cleanUp: () => void): AsyncGenerator<Envelope, void, void> {
    try {
      yield* subscriber.queue;
    } finally {
      this.#subscribers.delete(subscriber);
      cleanUp();
    }
  }

  #deliver(envelope: Envelope): void {
    const fields = this.#fields(envelope);
    for (const {filter, queue} of this.#subscribers) {
      if (queue.ended || !filter(fields) || queue.push(envelope)) continue;
      queue.end(new EngineError('resource-exhausted', `event subscriber is ${maxQueued} events behind`));
    }
  }

  #fields(envelope: Envelope): Fields {
    return ([first, ...rest]) => {
      if (first === 'namespace' && rest.length === 0) return envelope.namespace;
      if (first === 'topic' && rest.length === 0) return envelope.topic;
      return first === 'event' ? this.#codec.field(envelope.event, rest) : undefined;
    };
  }
}

function checkTopic(topic: string): void {
  const fail = (problem: string) =>
    new EngineError('invalid-argument', `topic ${quote(topic)} ${problem}: invalid argument`);
  if (topic === '') throw fail('must not be empty');
  if (!topic.startsWith('/')) throw fail("must start with '/'");
  if (topic.length === 1) throw fail('must have at least one component');
  for (const part of topic.slice(1).split('/')) {
    try {
      checkIdentifier(part);
    } catch (error) {
      throw new EngineError('invalid-argument', `topic ${quote(topic)}: component ${quote(part)} is no identifier`, {
        cause: error,
      });
    }
  }
}
