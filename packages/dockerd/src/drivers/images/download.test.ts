import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {backgroundContext, discardLogger} from '@longshore/base';
import test from 'ava';
import {download} from './download.ts';

const context = backgroundContext(discardLogger());

test('a file behind a redirect, and an answer that is an error', async t => {
  const server = createServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, {location: '/root.tar'}).end();
    else if (request.url === '/root.tar') response.end('the archive');
    else response.writeHead(404).end('nothing here');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pieces: Uint8Array[] = [];
  for await (const piece of await download(context, new URL(`${base}/moved`))) pieces.push(piece);
  t.is(Buffer.concat(pieces).toString(), 'the archive');
  await t.throwsAsync(download(context, new URL(`${base}/other`)), {
    message: `failed to GET ${base}/other with status 404 Not Found: nothing here`,
  });
});
