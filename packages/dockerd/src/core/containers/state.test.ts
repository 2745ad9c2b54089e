import test from 'ava';
import {checkRestartPolicy, RestartTracker} from './restart-policy.ts';
import {type ContainerState, exitCodeOf, isRunning, pidOf, transition} from './state.ts';

const last = {exitCode: 3, startedAt: 1n, finishedAt: 2n, oomKilled: false, error: ''};
const states: Record<string, ContainerState> = {
  created: {status: 'created', exitCode: 127, error: 'x'},
  running: {status: 'running', pid: 5, startedAt: 1n, previous: last, oomKilled: false},
  paused: {status: 'paused', pid: 5, startedAt: 1n, previous: undefined, oomKilled: false},
  restarting: {status: 'restarting', last},
  exited: {status: 'exited', last},
  dead: {status: 'dead', last: undefined},
};

test('a container that has ended never runs without a start, a dead one not at all', t => {
  t.throws(() => transition(states.exited!, states.paused!), {message: 'container cannot go from exited to paused'});
  t.throws(() => transition(states.dead!, states.running!));
  t.throws(() => transition(states.created!, states.paused!));
  t.is(transition(states.running!, states.exited!), states.exited!);
  t.is(transition(states.restarting!, states.running!), states.running!);
});

test('what clients see of each state', t => {
  const seen = Object.fromEntries(
    Object.entries(states).map(([name, state]) => [name, [isRunning(state), pidOf(state), exitCodeOf(state)]]),
  );
  t.deepEqual(seen, {
    created: [false, 0, 127],
    running: [true, 5, 0],
    paused: [true, 5, 0],
    restarting: [true, 0, 3],
    exited: [false, 0, 3],
    dead: [false, 0, 0],
  });
});

const run = {exitCode: 1, durationMs: 50, restarts: 0, stopped: false};
const always = {Name: 'always', MaximumRetryCount: 0};

test('the delay doubles up to a minute and begins anew after ten good seconds', t => {
  const tracker = new RestartTracker();
  const delays = Array.from({length: 12}, () => tracker.next(always, run));
  t.deepEqual(delays.slice(0, 4), [100, 200, 400, 800]);
  t.is(delays[11], 60_000);
  t.is(tracker.next(always, {...run, durationMs: 10_000}), 100);
});

test('which policy restarts what', t => {
  const next = (Name: string, changes = {}, MaximumRetryCount = 0) =>
    new RestartTracker().next({Name, MaximumRetryCount}, {...run, ...changes}) !== undefined;
  t.false(next('no'));
  t.false(next(''));
  t.true(next('unless-stopped', {exitCode: 0}));
  t.false(next('always', {stopped: true}));
  t.true(next('on-failure'));
  t.false(next('on-failure', {exitCode: 0}));
  t.true(next('on-failure', {restarts: 1}, 2));
  t.false(next('on-failure', {restarts: 2}, 2));
});

test('policies that make no sense', t => {
  const check = (Name: string, MaximumRetryCount = 0) =>
    t.throws(() => checkRestartPolicy({Name, MaximumRetryCount})).message;
  t.is(
    check('bogus'),
    `invalid restart policy: unknown policy 'bogus'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
  );
  t.is(check('always', 3), `invalid restart policy: maximum retry count can only be used with 'on-failure'`);
  t.is(check('on-failure', -1), 'invalid restart policy: maximum retry count cannot be negative');
});
