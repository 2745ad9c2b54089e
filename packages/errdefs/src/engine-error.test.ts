import test from 'ava';
import {codeOf, codeToGrpcStatus, EngineError, errnoToCode, grpcStatusToCode, isErrorCode} from './index.ts';

test('the outermost EngineError decides the code', t => {
  const inner = new EngineError('not-found', 'no such file');
  t.is(codeOf(new Error('plain', {cause: inner})), 'not-found');
  t.is(codeOf(new EngineError('conflict', 'busy', {cause: inner})), 'conflict');
  t.true(isErrorCode(inner, 'internal', 'not-found'));
});

test('aborts and timeouts have codes of their own', t => {
  t.is(codeOf(AbortSignal.abort().reason), 'canceled');
  t.is(codeOf(new DOMException('late', 'TimeoutError')), 'deadline-exceeded');
  t.is(codeOf('a string'), 'unknown');
});

test('every code survives the way through gRPC, conflicts by their message', t => {
  for (const code of ['not-found', 'already-exists', 'unavailable', 'unimplemented', 'data-loss', 'canceled'] as const)
    t.is(grpcStatusToCode(codeToGrpcStatus(code)), code);
  t.is(grpcStatusToCode(codeToGrpcStatus('conflict'), 'container x: conflict'), 'conflict');
  t.is(grpcStatusToCode(codeToGrpcStatus('not-modified'), 'not modified'), 'not-modified');
  t.is(grpcStatusToCode(9, 'task must be stopped'), 'failed-precondition');
  t.is(grpcStatusToCode(99), 'unknown');
});

test('errno names map to meanings', t => {
  t.is(errnoToCode('ENOENT'), 'not-found');
  t.is(errnoToCode('ENOSPC'), 'resource-exhausted');
  t.is(errnoToCode('EWHATEVER'), 'internal');
});
