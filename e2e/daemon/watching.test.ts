/** What an administrator watches the daemon with: metrics, jobs, debug routes, the state dump; and its orderly end. */
import {readdirSync, readFileSync} from 'node:fs';
import {request} from 'node:http';
import {join} from 'node:path';
import {type Engine, poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

const address = '127.0.0.1:9323';

function scrape(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({socketPath, path: '/metrics', agent: false}, response => {
      let text = '';
      response.setEncoding('utf8').on('data', piece => {
        text += piece;
      });
      response.on('end', () => resolve(text));
    });
    sent.once('error', reject).end();
  });
}

const value = (metrics: string, name: string) =>
  Number(
    metrics
      .split('\n')
      .find(line => line.startsWith(`${name} `))
      ?.slice(name.length + 1),
  );

async function jobNames(engine: Engine): Promise<string[]> {
  return (await engine.dockerOk('system', 'jobs', '--format', '{{.Job}}')).split('\n');
}

test('metrics, jobs and debug routes', async t => {
  const engine = await openEngine(t, {dockerdArgs: ['--metrics-addr', address, '-D']});
  await engine.dockerOk('run', '-d', '--name', 'one', 'busybox', 'sleep', '1000');
  const metrics = await scrape(join(engine.paths.execRoot, 'metrics.sock'));
  t.is(value(metrics, 'engine_daemon_container_states_containers{state="running"}'), 1);
  t.is(
    value(metrics, 'engine_daemon_container_actions_seconds_count{action="start"}'),
    2,
    'one more than at the start',
  );
  t.true(value(metrics, 'engine_daemon_events_total') >= 3);
  const overTcp = await engine.run(['busybox', 'wget', '-qO-', `http://${address}/metrics`]);
  t.regex(overTcp.stdout, /^engine_daemon_engine_info\{architecture="[^"]+",commit="[^"]+",daemon_id="/m);

  const abort = new AbortController();
  const events = engine.api.stream('/events', {signal: abort.signal});
  await poll(async () => (await jobNames(engine)).includes('events'), {what: 'the job of a stream of events'});
  abort.abort();
  await t.throwsAsync(events.then(stream => stream.toArray()));
  await poll(async () => !(await jobNames(engine)).includes('events'), {what: 'the end of that job'});
  t.regex(await engine.dockerOk('system', 'jobs', '--counts'), /^create +1 +0$/m);

  const variables = await engine.api.get<{cmdline: string[]; memstats: {rss: number}}>('/debug/vars');
  t.true(variables.cmdline.includes(address));
  t.true(variables.memstats.rss > 1e6);
  const profile = await engine.api.send<string>('/debug/pprof/profile?seconds=1');
  t.true((JSON.parse(profile.body) as {nodes: unknown[]}).nodes.length > 0);
  t.is((await engine.api.send('/debug/pprof/nosuch')).status, 404);
  await engine.dockerOk('rm', '-f', 'one');
});

test('without --debug there are no debug routes; SIGUSR1 leaves a dump', async t => {
  const engine = await openEngine(t);
  t.is((await engine.api.send('/debug/vars')).status, 404);
  await engine.dockerOk('run', '-d', '--name', 'dumped', 'busybox', 'sleep', '1000');
  process.kill(engine.dockerd.pid, 'SIGUSR1');
  const {execRoot} = engine.paths;
  const isDump = (name: string) => /^goroutine-stacks-\d{4}-\d\d-\d\dT\d{6}Z\.log$/.test(name);
  await poll(() => engine.dockerd.log().includes('goroutine stacks written to'), {what: 'the dump'});
  const text = readFileSync(join(execRoot, readdirSync(execRoot).find(isDump) ?? 'none'), 'utf8');
  t.regex(text, /^job \d+ \[waiting, [\d.]+ s\]: serveapi/m);
  t.regex(text, /^[0-9a-f]{64} dumped running pid \d+ execs 0$/m);
  await engine.dockerOk('rm', '-f', 'dumped');
});

test('while it stops: clients that wait learn the end, new requests are refused with 503', async t => {
  const engine = await openEngine(t);
  const slow = ['sh', '-c', 'trap "sleep 1; exit 7" TERM; echo up; while :; do sleep 0.1; done'];
  const running = engine.docker('run', '--name', 'slow', 'busybox', ...slow);
  await poll(async () => (await engine.docker('logs', 'slow')).stdout.includes('up'), {what: 'the container'});
  const stopped = engine.dockerd.stop();
  const refused = await poll(
    async () => {
      const answer = await engine.api.send<{message: string}>('/info');
      return answer.status === 503 ? answer.body.message : undefined;
    },
    {what: 'a refusal', interval: 20},
  );
  t.is(refused, 'the daemon is shutting down');
  t.is((await running).exitCode, 7);
  t.is(await stopped, 0);
  await engine.dockerd.start();
  t.is(await engine.dockerOk('inspect', '-f', '{{.State.ExitCode}}', 'slow'), '7');
  await engine.dockerOk('rm', 'slow');
});
