import test from 'ava';
import {registryError} from './registry-error.ts';

const item = (code: string, message: string) => JSON.stringify({errors: [{code, message}]});

test("the registry's own words", t => {
  const error = registryError(404, item('MANIFEST_UNKNOWN', 'no tag "x"'), 'GET x');
  t.deepEqual([error.code, error.status, error.message], ['not-found', 404, 'manifest unknown: no tag "x"']);
  t.is(registryError(500, 'plain text', 'GET x').message, 'unexpected status from GET x: 500: plain text');
  t.is(registryError(500, '<html>…', 'GET x').message, 'unexpected status from GET x: 500');
});

test('what a hostile server says cannot steer a terminal, nor fill it', t => {
  for (const body of [
    item('X\u001b]0;', 'a\u001b[2Jb\r\n\u009bc'),
    '\u001b[31mred\u0007',
    '{"details":"\\u001b[1m"}',
  ]) {
    const {message} = registryError(400, body, 'GET x');
    t.notRegex(message, /[\x00-\x1f\x7f-\x9f]/);
  }
  const many = JSON.stringify({errors: Array(5_000).fill({code: 'A', message: 'm'.repeat(5_000)})});
  t.true(registryError(400, many, 'GET x').message.length < 20_000);
});
