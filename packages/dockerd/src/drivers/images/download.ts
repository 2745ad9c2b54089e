/** A file of a web server, for `docker import URL`. */
import {STATUS_CODES} from 'node:http';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {HttpClient} from '@longshore/oci';

/**
 * The body of a GET, redirects followed, through the proxies of the environment; reading it to the end closes the
 * connection. Throws `unknown` for a status from 400 on, `unavailable` when nobody answers.
 */
export async function download(ctx: CallContext, url: URL): Promise<AsyncIterable<Uint8Array>> {
  const client = new HttpClient('longshore');
  try {
    const response = await client.request(ctx, {method: 'GET', url, redirects: true}, {});
    if (response.status < 400) return closing(response.body, client);
    const status = `${response.status} ${STATUS_CODES[response.status] ?? ''}`.trim();
    throw new EngineError('unknown', `failed to GET ${url.href} with status ${status}: ${await firstWords(response)}`);
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

/** What a server says about its error, up to 4 KiB. */
async function firstWords(response: {body: AsyncIterable<Uint8Array>; discard(): void}): Promise<string> {
  let text = Buffer.alloc(0);
  for await (const piece of response.body) {
    text = Buffer.concat([text, piece]);
    if (text.length >= 4096) break;
  }
  response.discard();
  return text.subarray(0, 4096).toString();
}

async function* closing(body: AsyncIterable<Uint8Array>, client: HttpClient): AsyncGenerator<Uint8Array> {
  using _client = client;
  yield* body;
}
