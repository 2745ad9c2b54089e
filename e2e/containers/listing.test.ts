/** Lists with every filter and sizes, prune, wait, top, restart policies, health, events. */
import {text} from 'node:stream/consumers';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);
const docker = (...args: string[]) => engine().dockerOk(...args);
const sh = (script: string) => ['busybox', 'sh', '-c', script];
type Row = {Names: string[]; SizeRw?: number; SizeRootFs?: number};

async function names(filters: Record<string, string[]>, query = 'all=1'): Promise<string[]> {
  const path = `/containers/json?${query}&filters=${encodeURIComponent(JSON.stringify(filters))}`;
  return (await engine().api.get<Row[]>(path)).map(({Names: [name = '']}) => name.slice(1)).sort();
}

/** Events from a second on, until now. */
async function events(
  since: number,
  filters = '',
): Promise<{Type: string; Action: string; Actor: {ID: string; Attributes: Record<string, string>}}[]> {
  const until = Math.ceil(Date.now() / 1000) + 1;
  const body = await text(await engine().api.stream(`/events?since=${since}&until=${until}&filters=${filters}`));
  return body
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
}

test.serial('filters of the list', async t => {
  await docker('network', 'create', 'net');
  await docker(
    'run',
    '-d',
    '--name',
    'web',
    '-l',
    'tier=front',
    '-p',
    '18080:80',
    '-v',
    'data:/d',
    'busybox',
    'sleep',
    '600',
  );
  await docker(
    'run',
    '-d',
    '--name',
    'db',
    '-l',
    'tier=back',
    '--network',
    'net',
    '--expose',
    '5432',
    'busybox',
    'sleep',
    '600',
  );
  await engine().docker('run', '--name', 'failed', ...sh('exit 3'));
  await docker('create', '--name', 'idle', 'busybox', 'true');
  await docker('commit', 'failed', 'child');
  await docker('create', '--name', 'of-child', 'child');
  await docker(
    'run',
    '-d',
    '--name',
    'sick',
    '--health-cmd',
    'false',
    '--health-interval',
    '100ms',
    '--health-retries',
    '1',
    'busybox',
    'sleep',
    '600',
  );
  await docker('pause', 'db');
  const check = async (filters: Record<string, string[]>, expected: string[], query?: string) =>
    t.deepEqual(await names(filters, query), expected, JSON.stringify(filters));

  await check({status: ['created']}, ['idle', 'of-child']);
  await check({status: ['paused', 'exited']}, ['db', 'failed']);
  await check({exited: ['3']}, ['failed']);
  await check({label: ['tier']}, ['db', 'web']);
  await check({label: ['tier=back']}, ['db']);
  await check({name: ['we']}, ['web']);
  await check({name: ['^/db$', 'idle']}, ['db', 'idle']);
  await check({network: ['net']}, ['db']);
  await check({volume: ['data']}, ['web']);
  await check({volume: ['/d']}, ['web']);
  await check({publish: ['80']}, ['web']);
  await check({expose: ['5000-6000/tcp']}, ['db']);
  await check({before: ['failed']}, ['db', 'web']);
  await check({since: ['failed'], status: ['created']}, ['idle', 'of-child']);
  await check({ancestor: ['child']}, ['of-child']);
  t.true((await names({ancestor: ['busybox']})).includes('of-child'));
  await check({'is-task': ['true']}, []);
  await check({health: ['none'], status: ['paused']}, ['db']);
  const id = await docker('inspect', '-f', '{{.Id}}', 'web');
  await check({id: [id.slice(0, 10)]}, ['web']);
  await check({}, ['db', 'sick', 'web'], 'all=0');
  await check({}, ['of-child', 'sick'], 'limit=2');
  const {status, body} = await engine().api.send<{message: string}>('/containers/json?filters={"bogus":["x"]}');
  t.deepEqual([status, body.message], [400, "invalid filter 'bogus'"]);
});

test.serial('health: unhealthy after its retries, told by an event, the filter and the status', async t => {
  for (let i = 0; i < 50 && (await names({health: ['unhealthy']})).length === 0; i++)
    await new Promise(r => setTimeout(r, 100));
  t.deepEqual(await names({health: ['unhealthy']}), ['sick']);
  t.regex(await docker('ps', '--filter', 'name=sick', '--format', '{{.Status}}'), /\(unhealthy\)/);
  const {Log: log, FailingStreak: streak} = JSON.parse(await docker('inspect', '-f', '{{json .State.Health}}', 'sick'));
  t.true(streak >= 1 && log.length <= 5 && log[0].ExitCode === 1);
  const slow = ['--health-cmd', 'echo begun; sleep 60', '--health-interval', '50ms', '--health-timeout', '1500ms'];
  await docker('run', '-d', '--name', 'slow', ...slow, '--health-retries', '1', 'busybox', 'sleep', '600');
  for (let i = 0; i < 100 && !(await names({health: ['unhealthy']})).includes('slow'); i++)
    await new Promise(r => setTimeout(r, 100));
  const [result] = JSON.parse(await docker('inspect', '-f', '{{json .State.Health.Log}}', 'slow'));
  t.is(result.ExitCode, -1);
  t.regex(result.Output, /^Health check exceeded timeout \(1\.5s\): begun/);
  const early = [
    '--health-cmd',
    'true',
    '--health-interval',
    '60s',
    '--health-start-period',
    '30s',
    '--health-start-interval',
    '100ms',
  ];
  await docker('run', '-d', '--name', 'early', ...early, 'busybox', 'sleep', '600');
  for (let i = 0; i < 50 && !(await names({health: ['healthy']})).includes('early'); i++)
    await new Promise(r => setTimeout(r, 100));
  t.deepEqual(await names({health: ['healthy']}), ['early']);
  await docker('rm', '-f', 'slow', 'early', 'sick');
});

test.serial('sizes, top with arguments of ps', async t => {
  await docker('run', '--name', 'grown', ...sh('head -c 100000 /dev/zero > /file'));
  const rows = await engine().api.get<Row[]>('/containers/json?all=1&size=1&filters={"name":["grown"]}');
  t.true((rows[0]?.SizeRw ?? 0) >= 100_000 && (rows[0]?.SizeRootFs ?? 0) > (rows[0]?.SizeRw ?? 0));
  await docker('unpause', 'db');
  const top = await docker('top', 'db', '-o', 'pid,comm');
  t.regex(top, /^PID\s+COMMAND\n\d+\s+sleep$/);
  await docker('rm', 'grown');
});

test.serial('wait: for the end, the next end and the removal', async t => {
  await docker('create', '--name', 'waited', ...sh('exit 5'));
  const wait = (condition: string) =>
    engine().api.post<{StatusCode: number}>(`/containers/waited/wait?condition=${condition}`);
  t.is((await wait('not-running')).StatusCode, 0);
  const next = wait('next-exit');
  const removed = wait('removed');
  await new Promise(resolve => setTimeout(resolve, 200));
  await docker('start', 'waited');
  t.is((await next).StatusCode, 5);
  t.is((await wait('not-running')).StatusCode, 5);
  await docker('rm', 'waited');
  t.is((await removed).StatusCode, 5);
});

test.serial('restart policies: as often as allowed, with growing delays, until a stop', async t => {
  const since = Math.floor(Date.now() / 1000);
  await docker('run', '-d', '--name', 'again', '--restart', 'on-failure:2', ...sh('exit 1'));
  for (
    let i = 0;
    i < 100 && (await docker('inspect', '-f', '{{.State.Status}} {{.RestartCount}}', 'again')) !== 'exited 2';
    i++
  )
    await new Promise(resolve => setTimeout(resolve, 100));
  t.is(await docker('inspect', '-f', '{{.State.Status}} {{.RestartCount}}', 'again'), 'exited 2');
  const filters = encodeURIComponent(JSON.stringify({container: ['again'], event: ['start', 'die']}));
  const actions = (await events(since, filters)).map(({Action}) => Action);
  t.deepEqual(actions, ['start', 'die', 'start', 'die', 'start', 'die']);
  await docker('run', '-d', '--name', 'always', '--restart', 'always', ...sh('sleep 0.1'));
  await docker('stop', 'always');
  t.is(await docker('inspect', '-f', '{{.State.Status}}', 'always'), 'exited');
  await docker('rm', 'again', 'always');
});

test.serial('a start that fails in the runtime tells of nothing but the network', async t => {
  const since = Math.floor(Date.now() / 1000);
  await docker('create', '--name', 'broken', 'busybox', '/no/such');
  t.not((await engine().docker('start', 'broken')).exitCode, 0);
  t.is(await docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'broken'), 'created 127');
  const id = await docker('inspect', '-f', '{{.Id}}', 'broken');
  const own = (await events(since)).filter(({Actor}) => Actor.ID === id || Actor.Attributes.container === id);
  t.deepEqual(
    own.map(({Type, Action}) => `${Type} ${Action}`),
    ['container create', 'network disconnect'],
  );
  await docker('rm', 'broken');
});

test.serial('prune with filters', async t => {
  await docker('create', '--name', 'kept', '-l', 'keep=yes', 'busybox', 'true');
  const prune = (filters: object) =>
    engine().api.post<{ContainersDeleted: string[] | null}>(
      `/containers/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`,
    );
  t.is((await prune({until: ['10m']})).ContainersDeleted, null);
  await prune({'label!': ['keep']});
  t.deepEqual(await names({}), ['db', 'kept', 'web']);
  t.is((await prune({label: ['keep=yes']})).ContainersDeleted?.length, 1);
});
