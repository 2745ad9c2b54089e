/** Statistics of containers, and images made of them, by our CLI and by the originals. */

import type {ContainerStats} from '@longshore/api/engine';
import {poll} from '@longshore/testing';
import test from 'ava';
import {docker, dockerClients} from '../harness/clients.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

for (const client of dockerClients) {
  const run = (...args: string[]) => docker(client, engine(), args);

  test(`${client.name}: stats --no-stream prints a row for each container that runs`, async t => {
    const id = (await run('run', '-d', '-m', '64m', 'busybox', 'sleep', '60')).stdout;
    const result = await run('stats', '--no-stream', '--format', '{{.Container}} {{.MemUsage}} {{.PIDs}}', id);
    await run('rm', '-f', id);
    t.is(result.exitCode, 0, result.stderr);
    t.regex(result.stdout, /^[0-9a-f]{12,64} [\d.]+[KM]?i?B \/ 64MiB 1$/);
  });
}

test('stats of two samples, of one, and of a container that has ended', async t => {
  const {api} = engine();
  const [client] = dockerClients;
  const run = (...args: string[]) => docker(client!, engine(), args);
  const id = (await run('run', '-d', 'busybox', 'sh', '-c', 'while :; do sleep 0.01; done')).stdout;
  const pair = await api.get<ContainerStats>(`/containers/${id}/stats?stream=false`);
  t.is(pair.id, id);
  t.true(Date.parse(pair.read) - Date.parse(pair.preread) >= 1000);
  t.true(pair.cpu_stats.cpu_usage.total_usage > pair.precpu_stats.cpu_usage.total_usage);
  t.true(pair.cpu_stats.system_cpu_usage! > pair.precpu_stats.system_cpu_usage!);
  t.deepEqual(Object.keys(pair.networks ?? {}), ['eth0']);
  const single = await api.get<ContainerStats>(`/containers/${id}/stats?stream=false&one-shot=true`);
  t.is(single.preread, '0001-01-01T00:00:00Z');
  t.false('name' in single);
  await run('kill', id);
  await run('wait', id);
  const ended = await api.get<ContainerStats>(`/containers/${id}/stats?stream=false`);
  t.deepEqual([ended.read, ended.pids_stats, ended.memory_stats], ['0001-01-01T00:00:00Z', {}, {}]);
  await run('rm', id);
});

test('a stream of stats has a document each second, and ends with the container', async t => {
  const {api} = engine();
  const run = (...args: string[]) => docker(dockerClients[0]!, engine(), args);
  const id = (await run('run', '-d', 'busybox', 'sleep', '60')).stdout;
  const lines: ContainerStats[] = [];
  for await (const chunk of await api.stream(`/containers/${id}/stats`)) {
    lines.push(JSON.parse(String(chunk)));
    if (lines.length === 3) await run('rm', '-f', id);
  }
  const [first, second, third] = lines;
  t.is(first?.preread, '0001-01-01T00:00:00Z');
  t.is(second?.preread, first?.read);
  t.is(third?.preread, second?.read);
  const seconds = (Date.parse(third!.read) - Date.parse(first!.read)) / 1000;
  // Two samples a second apart; how long the last is under way depends on the machine.
  t.true(seconds > 1, `${seconds} s`);
});

for (const client of dockerClients) {
  const run = (...args: string[]) => docker(client, engine(), args);

  test(`${client.name}: commit makes an image of what a container changed, which runs`, async t => {
    const name = `made-${client.name.replaceAll(/\W/g, '').toLowerCase()}`;
    const image = `${name}:v1`;
    const script = 'echo kept > /kept; rm /etc/passwd; sleep 60';
    t.is((await run('run', '-d', '--name', name, '-e', 'A=1', 'busybox', 'sh', '-c', script)).exitCode, 0);
    const written = () => run('exec', name, 'cat', '/kept').then(({stdout}) => stdout === 'kept');
    await poll(written, {timeout: 10_000, what: 'the container to write its file'});
    const change = 'CMD ["sh", "-c", "cat /kept; echo $A; test -e /etc/passwd || echo gone"]';
    const committed = await run('commit', '-a', 'me', '-m', 'why', '-c', change, name, image);
    t.regex(committed.stdout, /^sha256:[0-9a-f]{64}$/, committed.stderr);
    t.is((await run('inspect', '-f', '{{.State.Status}}', name)).stdout, 'running');
    const result = await run('run', '--rm', image);
    t.deepEqual([result.exitCode, result.stdout], [0, 'kept\n1\ngone'], result.stderr);
    t.is((await run('inspect', '-f', '{{.Author}} {{.Comment}}', image)).stdout, 'me why');
    const ids = (await run('inspect', '-f', '{{.Id}}', 'busybox')).stdout;
    t.is((await run('inspect', '-f', '{{.Parent}}', image)).stdout, ids);
    t.is((await run('rm', '-f', name)).exitCode, 0);
    t.is((await run('run', '--rm', image, 'cat', '/kept')).stdout, 'kept');
    t.is((await run('rmi', image)).exitCode, 0);
  });
}

test('commit of what is not there, and with bad names and changes, is refused with the messages of Docker', async t => {
  const {api} = engine();
  const [client] = dockerClients;
  const id = (await docker(client!, engine(), ['create', 'busybox', 'true'])).stdout;
  const refusal = async (query: string) => {
    const {status, body} = await api.send<{message: string}>(`/commit?${query}`, {method: 'POST'});
    return [status, body.message];
  };
  t.deepEqual(await refusal('container=nosuch'), [404, 'No such container: nosuch']);
  t.deepEqual(await refusal(`container=${id}&repo=UPPER`), [
    400,
    'invalid reference format: repository name (library/UPPER) must be lowercase',
  ]);
  t.deepEqual(await refusal(`container=${id}&changes=BOGUS%20x`), [400, 'BOGUS is not a valid change command']);
  await docker(client!, engine(), ['rm', id]);
});
