import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {callContext} from '@longshore/base';
import test from 'ava';
import {snapshotterFixture} from '../../core/snapshots/fixture.ts';
import {snapshotterContract} from '../../core/snapshots/snapshotter-contract.ts';
import {openNative} from './open-native.ts';

const ctx = callContext({namespace: 'n'});

snapshotterContract(test, async t => ({
  ...(await snapshotterFixture(t, openNative)),
  contentOf: mounts => mounts[0]?.source ?? '',
}));

test('a child is a copy with everything', async t => {
  const {snapshotter} = await snapshotterFixture(t, openNative);
  const [mount] = await snapshotter.prepare(ctx, 'x', '');
  const source = mount?.source ?? '';
  mkdirSync(join(source, 'd'), {mode: 0o2770});
  writeFileSync(join(source, 'd/f'), 'one');
  execFileSync('ln', [join(source, 'd/f'), join(source, 'd/g')]);
  await snapshotter.commit(ctx, 'base', 'x');
  const [child] = await snapshotter.prepare(ctx, 'y', 'base');
  t.deepEqual(child?.options, ['rbind', 'rw']);
  t.deepEqual(readdirSync(join(child?.source ?? '', 'd')), ['f', 'g']);
  t.is(statSync(join(child?.source ?? '', 'd/f')).nlink, 2);
  writeFileSync(join(child?.source ?? '', 'd/f'), 'two');
  const [view] = await snapshotter.view(ctx, 'v', 'base');
  t.deepEqual(view, {type: 'bind', source, target: '', options: ['rbind', 'ro']});
});
