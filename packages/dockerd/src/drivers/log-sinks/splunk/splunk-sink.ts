/** The driver splunk. */

import {randomUUID} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {Agent as HttpAgent, type RequestOptions, request as requestHttp} from 'node:http';
import {Agent as HttpsAgent, request as requestHttps} from 'node:https';
import {hostname} from 'node:os';
import {promisify} from 'node:util';
import {gzip} from 'node:zlib';
import {sleep} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {parseSplunkOptions, type SplunkSettings} from '../../../core/logs/options/splunk-options.ts';
import type {LogRequest} from '../../../core/ports/container-io.ts';
import type {LogSink} from '../log-sink.ts';
import {reasonOf} from '../stream-connection.ts';
import {splunkEvent} from './events.ts';

const path = '/services/collector/event/1.0';
/** As in the original: a batch goes out after five seconds, or when it has a thousand events. */
const linger = {milliseconds: 5000, batchRecords: 1000};
const attempts = 10;
const retryMs = 5000;
const maximumAnswer = 1024;

type Answer = {status: number; statusText: string; body: string};
type Send = (method: 'OPTIONS' | 'POST', body: Buffer, signal?: AbortSignal) => Promise<Answer>;

/** Throws when the collector does not answer as it should, unless that is not to be checked. */
export async function openSplunkSink(request: LogRequest): Promise<LogSink> {
  const settings = parseSplunkOptions(request.options);
  const agent = await openAgent(settings);
  const send = sender(settings, agent);
  if (settings.verifyConnection) await verify(send, settings);
  const host = hostname();
  return {
    linger,
    async send(entries, signal) {
      const events = entries.flatMap(entry => splunkEvent(entry, request, settings, host) ?? []);
      if (events.length > 0) await deliver(send, Buffer.from(events.join('')), signal);
    },
    async close() {
      agent.destroy();
    },
  };
}

/** Again and again for a while: a collector may be away. */
async function deliver(send: Send, body: Buffer, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const {status, statusText, body: text} = await send('POST', body, signal);
      if (status === 200) return;
      throw new EngineError('unavailable', `splunk: failed to send event - ${status} ${statusText} - ${text}`);
    } catch (error) {
      if (signal.aborted || attempt >= attempts) throw error;
      await sleep(retryMs, signal);
    }
  }
}

async function verify(send: Send, {url}: SplunkSettings): Promise<void> {
  const answer = await send('OPTIONS', Buffer.alloc(0)).catch((error: NodeJS.ErrnoException) => {
    const target = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
    const message = `Options ${JSON.stringify(new URL(path, url).href)}: dial tcp ${target}: ${reasonOf(error)}`;
    throw new EngineError('unavailable', message, {cause: error});
  });
  if (answer.status === 200) return;
  const reason = `${answer.status} ${answer.statusText} - ${answer.body}`;
  throw new EngineError('unavailable', `splunk: failed to verify connection - ${reason}`);
}

async function openAgent({url, caPath, caName, skipVerify}: SplunkSettings): Promise<HttpAgent | HttpsAgent> {
  if (url.protocol === 'http:') return new HttpAgent({keepAlive: true});
  const ca = caPath === undefined ? undefined : await readCertificate(caPath);
  return new HttpsAgent({
    keepAlive: true,
    rejectUnauthorized: !skipVerify,
    ...(ca ? {ca} : {}),
    ...(caName ? {servername: caName} : {}),
  });
}

async function readCertificate(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new EngineError('invalid-argument', `open ${path}: ${messageOf(error)}`, {cause: error});
  }
}

function sender(
  {url, token, gzip: compressed, gzipLevel, indexAcknowledgment}: SplunkSettings,
  agent: HttpAgent,
): Send {
  const pack = promisify(gzip);
  const channel: Record<string, string> = indexAcknowledgment ? {'X-Splunk-Request-Channel': randomUUID()} : {};
  return async (method, body, signal) => {
    const isPacked = method === 'POST' && compressed;
    const data = isPacked ? await pack(body, {level: gzipLevel}) : body;
    const headers: Record<string, string> =
      method === 'POST'
        ? {
            Authorization: `Splunk ${token}`,
            'Content-Length': String(data.length),
            ...(isPacked ? {'Content-Encoding': 'gzip'} : {}),
            ...channel,
          }
        : {};
    return exchange(new URL(path, url), {method, headers, agent, ...(signal ? {signal} : {})}, data);
  };
}

function exchange(url: URL, options: RequestOptions, body: Buffer): Promise<Answer> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        if (text.length < maximumAnswer) text += piece.slice(0, maximumAnswer - text.length);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({status: response.statusCode ?? 0, statusText: response.statusMessage ?? '', body: text}),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
