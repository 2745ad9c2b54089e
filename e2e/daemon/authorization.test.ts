/** Authorization plugins in front of the whole API. */
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Engine, poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

const script = join(import.meta.dirname, 'authorization-plugin.testing.ts');

async function startPlugin(engine: Engine) {
  const record = join(engine.paths.scratch, 'calls');
  const socket = '/run/docker/plugins/guard.sock';
  const plugin = await engine.sandbox.spawn([process.execPath, script, socket, record], {
    env: {},
    log: `${record}.log`,
  });
  await poll(async () => (await engine.run(['test', '-S', socket])).exitCode === 0, {what: 'the plugin'});
  const calls = (): Record<string, string>[] => {
    if (!existsSync(record)) return [];
    return readFileSync(record, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
  };
  return {calls, stop: () => engine.sandbox.kill(plugin.pid, 'SIGKILL')};
}

test('a plugin that comes by a reload is asked before and after, and goes again', async t => {
  const engine = await openEngine(t);
  const {calls, stop} = await startPlugin(engine);
  const reload = async (config: object) => {
    writeFileSync(engine.paths.configFile, JSON.stringify(config));
    const reloads = () => engine.dockerd.log().split('reloaded the configuration').length;
    const before = reloads();
    await engine.sandbox.kill(engine.dockerd.pid, 'SIGHUP');
    await poll(() => reloads() > before, {what: 'the reload'});
  };
  await engine.dockerOk('create', '--name', 'forbidden', 'busybox', 'true');
  await engine.dockerOk('create', '--name', 'secret', 'busybox', 'true');
  await reload({'authorization-plugins': ['guard']});
  t.is(await engine.dockerOk('run', '--rm', 'busybox', 'echo', 'allowed'), 'allowed');
  const denied = await engine.docker('rm', 'forbidden');
  t.regex(denied.stderr, /authorization denied by plugin guard: not this one/);
  const hidden = await engine.docker('inspect', 'secret');
  t.regex(hidden.stderr, /authorization denied by plugin guard: you may not see it/);
  t.notRegex(hidden.stdout, /busybox/);
  const create = calls().find(
    ({call, RequestUri: uri}) => call === '/AuthZPlugin.AuthZReq' && uri?.includes('/create'),
  );
  t.regex(Buffer.from(create?.RequestBody ?? '', 'base64').toString(), /"Image":"busybox"/);
  t.regex(await engine.dockerOk('info'), /Authorization: guard/);
  await reload({});
  await engine.dockerOk('rm', 'forbidden', 'secret');
  await stop();
});

test('without its plugin nothing is done', async t => {
  const engine = await openEngine(t);
  const reload = async (config: object) => {
    writeFileSync(engine.paths.configFile, JSON.stringify(config));
    await engine.sandbox.kill(engine.dockerd.pid, 'SIGHUP');
  };
  await reload({'authorization-plugins': ['missing']});
  const denied = await poll(async () => {
    const result = await engine.docker('ps');
    return result.exitCode === 0 ? undefined : result;
  });
  t.regex(denied.stderr, /plugin missing failed with error: plugin "missing" not found/);
  await reload({});
  await poll(async () => (await engine.docker('ps')).exitCode === 0, {what: 'the daemon without plugins'});
});
