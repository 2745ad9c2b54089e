/** A plugin for the tests: refuses by path, writes down what it is asked. Arguments: socket, file. */
import {appendFileSync, mkdirSync} from 'node:fs';
import http from 'node:http';
import {dirname} from 'node:path';
import {argv} from 'node:process';

const [, , socket = '', record = ''] = argv;

function answer(url: string, body: Record<string, string>): unknown {
  if (url === '/Plugin.Activate') return {Implements: ['authz']};
  appendFileSync(record, `${JSON.stringify({call: url, ...body})}\n`);
  const uri = body.RequestUri ?? '';
  if (url === '/AuthZPlugin.AuthZReq' && uri.includes('forbidden')) return {Allow: false, Msg: 'not this one'};
  if (url === '/AuthZPlugin.AuthZRes' && uri.includes('secret')) return {Allow: false, Msg: 'you may not see it'};
  return {Allow: true};
}

mkdirSync(dirname(socket), {recursive: true});
http
  .createServer((request, response) => {
    let text = '';
    request.on('data', data => {
      text += data;
    });
    request.on('end', () => response.end(JSON.stringify(answer(request.url ?? '', text ? JSON.parse(text) : {}))));
  })
  .listen(socket);
