import test from 'ava';
import type {Container} from './container.ts';
import {makeFakeWorld} from './fake-world.testing.ts';
import {inOrder, startByPolicy} from './start-by-policy.ts';

const ran = (exitCode: number) => ({
  ...{status: 'exited' as const},
  last: {exitCode, startedAt: 1n, finishedAt: 2n, oomKilled: false, error: ''},
});

test('what others need starts first, whatever was made first; a circle does not wait for ever', async t => {
  const fake = makeFakeWorld();
  const [web, db, cache] = ['web', 'db', 'cache'].map(name => fake.add(name)) as [Container, Container, Container];
  const order: string[] = [];
  const needs = new Map<Container, Container[]>([
    [web, [db, cache]],
    [db, [cache]],
  ]);
  const work = async ({name}: Container) => {
    await new Promise(resolve => setTimeout(resolve, 5));
    order.push(name);
  };
  await inOrder([web, db, cache], container => needs.get(container) ?? [], work);
  t.deepEqual(order, ['cache', 'db', 'web']);
  needs.set(cache, [web]);
  await inOrder([web, db, cache], container => needs.get(container) ?? [], work, 20);
  t.is(order.length, 6);
});

test('who is started: by policy, exit code and whether somebody stopped it', async t => {
  const fake = makeFakeWorld();
  const add = (name: string, policy: string, exitCode: number, manuallyStopped = false) => {
    const container = fake.add(name, {RestartPolicy: {Name: policy, MaximumRetryCount: 0}});
    container.record.state = ran(exitCode);
    container.record.manuallyStopped = manuallyStopped;
  };
  add('always', 'always', 0, true);
  add('unless', 'unless-stopped', 0);
  add('unless-stopped-by-hand', 'unless-stopped', 0, true);
  add('failure', 'on-failure', 1);
  add('success', 'on-failure', 0);
  add('none', 'no', 1);
  const joining = fake.add('joining', {
    RestartPolicy: {Name: 'always', MaximumRetryCount: 0},
    NetworkMode: 'container:always',
  });
  joining.record.state = ran(0);
  await startByPolicy(fake.world);
  const running = fake.world.registry.all.filter(({state}) => state.status === 'running').map(({name}) => name);
  t.deepEqual(running.sort(), ['always', 'failure', 'joining', 'unless']);
});
