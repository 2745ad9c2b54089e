import {createLogger} from '@longshore/base';
import test from 'ava';
import {applyProxies, maskCredentials, shownProxies} from './proxies.ts';

test('what is configured replaces what the environment says, and passwords are shown nowhere', t => {
  const lines: string[] = [];
  const log = createLogger({level: 'warn', format: 'json', write: line => void lines.push(line)});
  const env: NodeJS.ProcessEnv = {HTTP_PROXY: 'http://old:secret@a', no_proxy: 'kept'};
  applyProxies({httpProxy: 'http://u:secret@p:1', httpsProxy: '', noProxy: ''}, env, log);
  t.deepEqual(env, {HTTP_PROXY: 'http://u:secret@p:1', http_proxy: 'http://u:secret@p:1', no_proxy: 'kept'});
  t.is(lines.length, 1);
  t.regex(lines[0] ?? '', /overriding existing proxy variable with value from configuration/);
  t.regex(lines[0] ?? '', /http:\/\/xxxxx:xxxxx@a/);
  t.notRegex(lines.join(), /secret/);
  t.deepEqual(shownProxies(env), {httpProxy: 'http://xxxxx:xxxxx@p:1', httpsProxy: '', noProxy: 'kept'});
});

test('only user and password are masked', t => {
  t.is(maskCredentials('http://user@p/'), 'http://xxxxx:xxxxx@p/');
  t.is(maskCredentials('http://p:3128'), 'http://p:3128');
  t.is(maskCredentials('http://p/@'), 'http://p/@');
  t.is(maskCredentials('p:3128'), 'p:3128');
});
