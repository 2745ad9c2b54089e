import {deferred} from '@longshore/base';
import test from 'ava';
import {ContainerProcess, type ProcessExit} from './container-process.ts';
import {ExitOrder} from './exit-order.ts';

const uris = {stdin: '', stdout: '', stderr: '', terminal: false};

function setUp(initEnded: () => Promise<void> = async () => {}) {
  const init = new ContainerProcess('c', '', uris);
  const exec = new ContainerProcess('c', 'e', uris);
  const told: string[] = [];
  const order = new ExitOrder(init, {
    exited: (process, exit) => told.push(`${process.id} ${exit.exitStatus}`),
    initEnded,
  });
  return {init, exec, told, order};
}

function exit(exitStatus: number): ProcessExit {
  return {exitStatus, exitedAt: 0n};
}

const turn = () => new Promise(resolve => setImmediate(resolve));

test('an exit during the start is told when the start is over', async t => {
  const {init, told, order} = setUp();
  const release = order.holdStart(init);
  order.report(init, exit(3));
  await turn();
  t.deepEqual(told, []);
  t.true(order.initHasEnded);
  release(true);
  await turn();
  t.deepEqual(told, ['c 3']);
});

test('init waits for the execs, running or starting', async t => {
  const {init, exec, told, order} = setUp();
  order.holdStart(init)(true);
  order.holdStart(exec)(true);
  const starting = new ContainerProcess('c', 'late', uris);
  const release = order.holdStart(starting);
  order.report(init, exit(0));
  await turn();
  t.deepEqual(told, []);
  order.report(exec, exit(137));
  await turn();
  t.deepEqual(told, ['e 137']);
  release(false);
  await turn();
  t.deepEqual(told, ['e 137', 'c 0'], 'an exec that failed to start is not waited for');
});

test('init waits for the clean-up of what it left', async t => {
  const cleaned = deferred();
  const {init, told, order} = setUp(() => cleaned.promise);
  order.report(init, exit(1));
  await turn();
  t.deepEqual(told, []);
  cleaned.resolve();
  await turn();
  t.deepEqual(told, ['c 1']);
});

test('each exit is told once', async t => {
  const {init, exec, told, order} = setUp();
  order.holdStart(exec)(true);
  order.report(init, exit(0));
  order.report(exec, exit(1));
  await turn();
  const other = new ContainerProcess('c', 'other', uris);
  order.holdStart(other)(false);
  await turn();
  t.deepEqual(told, ['e 1', 'c 0']);
});
