import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {checkAllowed, type Operation, type ProcessState, type ProcessStatus, transition} from './state.ts';

const at = 0n;
const states: Record<ProcessStatus, ProcessState> = {
  created: {status: 'created'},
  running: {status: 'running'},
  paused: {status: 'paused'},
  stopped: {status: 'stopped', exitStatus: 0, exitedAt: at},
  deleted: {status: 'deleted', exitStatus: 0, exitedAt: at},
};

test('every pair of states', t => {
  const allowed = [
    'created running',
    'created stopped',
    'created deleted',
    'running paused',
    'running stopped',
    'paused running',
    'paused stopped',
    'stopped deleted',
  ];
  for (const from of Object.values(states)) {
    for (const to of Object.values(states)) {
      const step = `${from.status} ${to.status}`;
      if (allowed.includes(step)) t.is(transition(from, to), to, step);
      else t.is(codeOf(t.throws(() => transition(from, to))), 'failed-precondition', step);
    }
  }
});

test('which operation each state refuses', t => {
  const allowed: Record<Operation, ProcessStatus[]> = {
    start: ['created'],
    delete: ['created', 'stopped'],
    pause: ['running'],
    resume: ['paused'],
    exec: ['created', 'running'],
    update: ['created', 'running', 'paused'],
    checkpoint: ['running', 'paused'],
    resize: ['created', 'running', 'paused', 'stopped'],
    kill: ['created', 'running', 'paused', 'stopped'],
  };
  for (const [operation, statuses] of Object.entries(allowed) as [Operation, ProcessStatus[]][]) {
    for (const state of Object.values(states)) {
      const check = () => checkAllowed(operation, state);
      if (statuses.includes(state.status)) t.notThrows(check, `${operation} ${state.status}`);
      else t.is(codeOf(t.throws(check)), state.status === 'deleted' ? 'not-found' : 'unknown');
    }
  }
  t.throws(() => checkAllowed('start', states.running), {message: 'cannot start a running process'});
  t.throws(() => checkAllowed('delete', states.running), {message: 'cannot delete a running process'});
  t.throws(() => checkAllowed('exec', states.stopped), {message: 'cannot exec in a stopped state'});
});
