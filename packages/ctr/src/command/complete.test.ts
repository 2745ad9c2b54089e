import test from 'ava';
import {commandTable} from '../command-table.ts';
import type {Flag} from './command.ts';
import {complete} from './complete.ts';

const globals: Flag[] = [
  {name: 'address', aliases: ['a'], type: 'text', usage: 'socket', default: '/nonexistent/socket'},
  {name: 'namespace', aliases: ['n'], type: 'text', usage: 'namespace', default: 'default'},
];

const names = async (...words: string[]) =>
  (await complete(commandTable, globals, words)).map(line => line.split('\t')[0]);

test('commands, of groups too, by any of their names', async t => {
  t.deepEqual(await names('ta'), ['tasks']);
  t.deepEqual(await names('-n', 'moby', 't', 'ch'), ['checkpoint']);
  t.deepEqual(await names('content', 'prune', ''), ['references']);
  t.deepEqual(await names('shim', '--id', 'x', 'sh'), ['shutdown']);
});

test('flags where a flag can stand, and only those that are supported', async t => {
  t.deepEqual(await names('--na'), ['--namespace']);
  t.deepEqual(await names('run', '--rm', '--seccomp'), ['--seccomp', '--seccomp-profile']);
  t.deepEqual(await names('run', '--blockio'), []);
  t.deepEqual(await names('snapshots', '--snap'), ['--snapshotter']);
});

test('what cannot be known is not offered', async t => {
  t.deepEqual(await names('tasks', 'kill', ''), []);
  t.deepEqual(await names('nosuch', ''), []);
  t.deepEqual(await names('--nosuch', ''), []);
});
