import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {discardLogger, randomId} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {hostConfig} from '../../core/containers/documents/host-config.ts';
import type {ContainerRecord} from '../../core/containers/record.ts';
import {StateDirectory} from './container-store.ts';
import {decodeRecord} from './record-document.ts';

const original = JSON.parse(readFileSync(new URL('testdata/config.v2.json', import.meta.url), 'utf8'));

function record(autoRemove = false): ContainerRecord {
  const host = {...hostConfig.zero(), AutoRemove: autoRemove};
  return decodeRecord(JSON.stringify({...original, ID: randomId()}), host);
}

function place(t: ExecutionContext) {
  const root = mkdtempSync(join(tmpdir(), 'ls-store-'));
  t.teardown(() => rmSync(root, {recursive: true}));
  return {root, open: () => new StateDirectory(root, discardLogger())};
}

for (const autoRemove of [false, true]) {
  test(`what was saved is loaded${autoRemove ? ', of --rm too' : ''}`, async t => {
    const {open, root} = place(t);
    const one = record(autoRemove);
    const store = open();
    await store.save(one);
    await store.save({...one, name: '/renamed'});
    const [loaded, ...more] = await open().loadAll();
    t.deepEqual([loaded?.id, loaded?.name, loaded?.host.AutoRemove, more.length], [one.id, '/renamed', autoRemove, 0]);
    t.deepEqual(readdirSync(join(root, one.id)).sort(), ['config.v2.json', 'hostconfig.json']);
  });
}

test('a newer record is not overtaken by older ones that are still being written', async t => {
  const {open} = place(t);
  const one = record();
  const store = open();
  const names = Array.from({length: 20}, (_, i) => `/name${i}`);
  // The record is one object that goes on changing.
  await Promise.all(names.map(name => store.save(Object.assign(one, {name}))));
  t.is((await open().loadAll())[0]?.name, '/name19');
});

test('a save that fails says so, and the next one writes everything', async t => {
  const {open, root} = place(t);
  const one = record();
  writeFileSync(join(root, one.id), 'in the way');
  const store = open();
  await t.throwsAsync(store.save(one));
  rmSync(join(root, one.id));
  await store.save(one);
  t.is((await open().loadAll()).length, 1);
});

test('a directory without a record is removed, a damaged record is set aside', async t => {
  const {open, root} = place(t);
  const [empty, damaged, sound] = [record(true), record(), record()];
  for (const each of [empty, damaged, sound]) await open().save(each);
  truncateSync(join(root, empty.id, 'config.v2.json'), 0);
  writeFileSync(join(root, damaged.id, 'config.v2.json'), '{"ID": ');
  mkdirSync(join(root, randomId()));
  const loaded = await open().loadAll();
  t.deepEqual(
    loaded.map(({id}) => id),
    [sound.id],
  );
  t.deepEqual(readdirSync(root).sort(), [sound.id, 'damaged'].sort());
  const kept = readdirSync(join(root, 'damaged')).map(name => name.split('-')[0]);
  t.deepEqual(kept.sort(), [damaged.id, empty.id].sort());
});
