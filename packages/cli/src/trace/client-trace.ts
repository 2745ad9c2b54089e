/** The client's part of a trace: its own spans, and the header that ties the engine's to them. */
import {type CallContext, callContext, type FinishedSpan, type Span, startSpan} from '@longshore/base';

const service = 'docker';

export class ClientTrace {
  /** Finished spans of this process. */
  readonly spans: FinishedSpan[] = [];
  readonly #root: Span;

  /** `name` is the command: `docker run`. A `traceparent` of whoever called us makes its trace ours. */
  constructor(name: string, traceparent: string) {
    const spans = {service, add: (span: FinishedSpan) => void this.spans.push(span)};
    // The process began before this module was loaded.
    const startNano = BigInt(Math.round(performance.timeOrigin * 1000)) * 1000n;
    this.#root = startSpan(callContext({traceparent, spans}), name, {startNano});
    startSpan(this.#root.ctx, 'start of the client', {startNano}).end();
  }

  /** The context of what the command does. */
  get ctx(): CallContext {
    return this.#root.ctx;
  }

  /** 32 hexadecimal digits. */
  get traceId(): string {
    return this.ctx.traceparent.split('-')[1] as string;
  }

  /** The command has ended. */
  end(error?: unknown): void {
    this.#root.end(error);
  }
}
