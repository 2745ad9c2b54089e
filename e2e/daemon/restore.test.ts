/** What the next daemon finds: running containers, damaged records, leftovers. Full size with LONGSHORE_LONG=1. */
import {mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Engine, poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

const count = process.env.LONGSHORE_LONG === '1' ? 200 : 20;

interface Listed {
  Id: string;
  Names: string[];
  State: string;
}

/** Containers that sleep, four at a time. */
async function startMany({api}: Engine, prefix: string, total: number, host: object = {}): Promise<void> {
  const names = Array.from({length: total}, (_, i) => `${prefix}${i}`);
  const worker = async () => {
    for (let name = names.shift(); name; name = names.shift()) {
      const body = {Image: 'busybox', Cmd: ['sleep', '100000'], StopTimeout: 0, HostConfig: host};
      const {Id: id} = await api.post<{Id: string}>(`/containers/create?name=${name}`, body);
      await api.post(`/containers/${id}/start`);
    }
  };
  await Promise.all(Array.from({length: 4}, worker));
}

async function pids({api}: Engine): Promise<Map<string, number>> {
  const list = await api.get<Listed[]>('/containers/json?all=1');
  const found = await Promise.all(
    list.map(async ({Id: id}) => {
      const {State} = await api.get<{State: {Pid: number}}>(`/containers/${id}/json`);
      return [id, State.Pid] as const;
    }),
  );
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function removeAll({api}: Engine): Promise<void> {
  const list = await api.get<Listed[]>('/containers/json?all=1');
  await Promise.all(list.map(({Id: id}) => api.send(`/containers/${id}?force=1&v=1`, {method: 'DELETE'})));
}

test(`${count} running containers are taken over`, async t => {
  t.timeout(600_000);
  const engine = await openEngine(t);
  await startMany(engine, 'many', count);
  const before = await pids(engine);
  t.is(before.size, count);
  await engine.dockerd.kill('SIGKILL');
  const begin = performance.now();
  await engine.dockerd.start();
  t.log(`${count} containers: ready after ${((performance.now() - begin) / 1000).toFixed(2)} s`);
  t.deepEqual([...(await pids(engine))], [...before]);
  await removeAll(engine);
});

test('damaged records are set aside with a word about it, and stop nothing', async t => {
  const engine = await openEngine(t);
  const ids = new Map<string, string>();
  for (const name of ['good', 'truncated', 'nonsense', 'empty', 'halfway']) {
    ids.set(name, await engine.dockerOk('run', '-d', '--name', name, 'busybox', 'sleep', '100000'));
  }
  await engine.dockerd.kill('SIGKILL');
  const root = join(engine.paths.dataRoot, 'containers');
  const file = (name: string, which: string) => join(root, ids.get(name) ?? '', which);
  truncateSync(file('truncated', 'config.v2.json'), 100);
  writeFileSync(file('nonsense', 'hostconfig.json'), '[1,2]');
  writeFileSync(file('empty', 'config.v2.json'), '');
  writeFileSync(file('halfway', '.config.v2.json.tmp-0123456789ab'), '{"half');
  mkdirSync(join(root, 'f'.repeat(64)));
  mkdirSync(join(root, 'not-a-container'));
  await engine.dockerd.start();
  const names = (await engine.dockerOk('ps', '-a', '--format', '{{.Names}} {{.State}}')).split('\n').sort();
  t.deepEqual(names, ['good running', 'halfway running']);
  t.is(engine.dockerd.log().match(/is damaged: setting it aside/g)?.length, 3);
  t.is(readdirSync(join(root, 'damaged')).length, 3, 'kept for the administrator');
  t.false(readdirSync(root).includes('f'.repeat(64)));
  t.is(
    await engine.dockerOk('run', '--rm', '--name', 'truncated', 'busybox', 'echo', 'again'),
    'again',
    'name is free',
  );
  await removeAll(engine);
  for (const name of ['damaged', 'not-a-container']) rmSync(join(root, name), {recursive: true});
});

test('without --live-restore containers are stopped and start again by their policy; with it they go on', async t => {
  const engine = await openEngine(t);
  await startMany(engine, 'always', 2, {RestartPolicy: {Name: 'always'}});
  await startMany(engine, 'plain', 1);
  const before = await pids(engine);
  t.is(await engine.dockerd.stop(), 0);
  await engine.dockerd.start();
  const states = async () =>
    (await engine.dockerOk('ps', '-a', '--format', '{{.Names}} {{.State}}')).split('\n').sort();
  const expected = ['always0 running', 'always1 running', 'plain0 exited'];
  await poll(async () => (await states()).join() === expected.join(), {what: 'the restart by policy'});
  t.true([...(await pids(engine))].every(([id, pid]) => pid !== before.get(id)));

  writeFileSync(engine.paths.configFile, JSON.stringify({'live-restore': true}));
  await engine.dockerd.stop();
  await engine.dockerd.start();
  await poll(async () => (await states()).join() === expected.join(), {what: 'the restart by policy'});
  const living = await pids(engine);
  t.is(await engine.dockerd.stop(), 0);
  await engine.dockerd.start();
  t.deepEqual([...(await pids(engine))], [...living]);
  await removeAll(engine);
});
