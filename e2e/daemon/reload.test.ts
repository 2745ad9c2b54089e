/** SIGHUP: what changes, what does not, and what the event tells. */
import {writeFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

interface Event {
  Action: string;
  Actor: {ID: string; Attributes: Record<string, string>};
}

test('Docker’s keys change, others are named, and nonsense changes nothing', async t => {
  const engine = await openEngine(t, {config: {labels: ['a=b']}});
  const reload = async (config: string, line: RegExp) => {
    writeFileSync(engine.paths.configFile, config);
    const count = () => engine.dockerd.log().split(line).length;
    const before = count();
    await engine.sandbox.kill(engine.dockerd.pid, 'SIGHUP');
    await poll(() => count() > before, {what: String(line)});
  };
  const start = Math.floor(Date.now() / 1000) - 1;
  const next = {
    labels: ['c=d'],
    debug: true,
    'live-restore': true,
    'shutdown-timeout': 21,
    'max-concurrent-downloads': 7,
    'insecure-registries': ['new.example'],
    'registry-mirrors': ['https://m.example'],
    'default-shm-size': '16M',
    runtimes: {second: {path: '/usr/bin/runc'}},
    mtu: 1300,
  };
  await reload(JSON.stringify(next), /reloaded the configuration/);
  t.regex(engine.dockerd.log(), /these options only change when the daemon is started again" options="?mtu/);
  const info = await engine.api.get<Record<string, unknown>>('/info');
  t.like(info, {Labels: ['c=d'], Debug: true, LiveRestoreEnabled: true});
  t.true('second' in (info.Runtimes as object));
  t.regex(await engine.dockerOk('run', '--rm', '--runtime', 'second', 'busybox', 'df', '-k', '/dev/shm'), / 16384 /);
  const filter = ['--filter', 'type=daemon', '--format', 'json'];
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const shown = await engine.dockerOk('events', '--since', String(start), '--until', until, ...filter);
  const event: Event = JSON.parse(shown);
  t.is(event.Action, 'reload');
  t.is(event.Actor.ID, info.ID as string);
  t.like(event.Actor.Attributes, {
    debug: 'true',
    'default-cgroupns-mode': info.CgroupVersion === '2' ? 'private' : 'host',
    'default-runtime': 'runc',
    'default-shm-size': '16777216',
    'default-ipc-mode': 'private',
    'insecure-registries': '["new.example"]',
    labels: '["c=d"]',
    'live-restore': 'true',
    'max-concurrent-downloads': '7',
    'max-concurrent-uploads': '5',
    'max-download-attempts': '5',
    name: hostname(),
    'registry-mirrors': '["https://m.example"]',
    runtimes: 'second:/usr/bin/runc',
    'shutdown-timeout': '21',
  });
  await reload('{"bogus":1}', /cannot reload the configuration/);
  t.deepEqual((await engine.api.get<{Labels: string[]}>('/info')).Labels, ['c=d']);
  await reload('{}', /reloaded the configuration/);
  t.like(await engine.api.get('/info'), {Labels: [], Debug: false, LiveRestoreEnabled: false});
});
