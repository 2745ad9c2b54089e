/** The record files of the original engine come through unchanged. */
import {readFileSync} from 'node:fs';
import test from 'ava';
import {hostConfig} from '../../core/containers/documents/host-config.ts';
import {decodeRecord, encodeRecord} from './record-document.ts';

function load(name: string): string {
  return readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8');
}

test('hostconfig.json of the original: same keys, same order, same values', t => {
  const original = load('hostconfig.json');
  const decoded = hostConfig.decode(JSON.parse(original), '');
  t.is(JSON.stringify(hostConfig.encode(decoded)), JSON.stringify(JSON.parse(original)));
});

test('config.v2.json of the original: same keys, same order, same values', t => {
  const original = JSON.parse(load('config.v2.json'));
  const record = decodeRecord(JSON.stringify(original), hostConfig.zero());
  t.is(record.state.status, 'running');
  t.is(encodeRecord(record), JSON.stringify(original));
});
