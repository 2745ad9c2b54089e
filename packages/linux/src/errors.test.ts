import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {Errno, errnoName, isErrno, mkdirAt, openAt, SystemCallError} from './index.ts';

test('a failed call tells itself, its subject, the errno and the text', t => {
  const error = t.throws(() => openAt(-100, '/nowhere/x', 0), {instanceOf: SystemCallError});
  t.is(error.message, 'cannot open "/nowhere/x": ENOENT: no such file or directory');
  t.like(error, {call: 'open', errno: 2, errnoName: 'ENOENT', path: '/nowhere/x', code: 'not-found'});
  t.true(isErrno(error, 'EPERM', 'ENOENT'));
  t.false(isErrno(error, 'EPERM'));
  t.false(isErrno(new Error('ENOENT'), 'ENOENT'));
});

test('errnos become codes', t => {
  t.is(codeOf(t.throws(() => mkdirAt(-100, '/', 0o755))), 'already-exists');
  t.is(codeOf(t.throws(() => openAt(-100, '/proc', 1))), 'failed-precondition');
  t.is(codeOf(new SystemCallError('x', Errno.ENOSPC)), 'resource-exhausted');
  t.is(codeOf(new SystemCallError('x', 5)), 'internal');
});

test('errno numbers have the names of the C library', t => {
  for (const [name, number] of Object.entries(Errno)) t.is(errnoName(number), name);
  t.is(errnoName(133), 'EHWPOISON');
  t.is(errnoName(41), 'E41');
  t.is(errnoName(524), 'ENOTSUPP');
});

test('a NUL byte does not cut a path off', t => {
  const error = t.throws(() => openAt(-100, '/etc/passwd\0.txt', 0));
  t.is(codeOf(error), 'invalid-argument');
});
