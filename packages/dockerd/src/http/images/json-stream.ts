/** Long-running answers: one JSON object a line, and an error as the last one. */
import type {JsonMessage} from '@longshore/api/engine';
import {messageOf} from '@longshore/errdefs';
import type {ApiReply, ReplyStream} from '../route.ts';

export class JsonStream {
  readonly #reply: ApiReply;
  #stream: ReplyStream | undefined;
  #tail: Promise<void> = Promise.resolve();
  #isBusy = false;

  constructor(reply: ApiReply) {
    this.#reply = reply;
  }

  /** True while the client has not taken what was sent: a line that only shows progress may be left out. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Sends a line; the head goes before the first one. The result rejects when the client is gone. */
  send(message: JsonMessage): Promise<void> {
    this.#start();
    const line = `${JSON.stringify(message)}\r\n`;
    this.#isBusy = true;
    this.#tail = this.#tail.then(async () => {
      await this.#stream?.write(line);
      this.#isBusy = false;
    });
    this.#tail.catch(() => {}); // whoever waits for it sees it
    return this.#tail;
  }

  /** Sends the head: errors are lines from now on. */
  #start(): void {
    this.#stream ??= this.#reply.stream(200, 'application/json');
  }

  /** Waits until everything is sent. */
  async flush(): Promise<void> {
    await this.#tail;
  }

  /** Runs `work`, whose error becomes the last line even when nothing has been sent yet. */
  async runWithHead(work: () => Promise<void>): Promise<void> {
    await this.run(async () => {
      try {
        await work();
      } finally {
        this.#start();
      }
    });
  }

  /** Runs `work`; its error becomes the last line, or is thrown when nothing has been sent yet. */
  async run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      await this.flush();
    } catch (error) {
      if (!this.#stream) throw error;
      const message = messageOf(error);
      await this.send({errorDetail: {message}, error: message});
    }
  }
}
