/**
 * Engines of one test, stopped and searched for leftovers when it ends. With `await using` a test that fails and also
 * leaves something behind would show neither (AVA prints only "An error was suppressed during disposal").
 */

import {
  type Engine,
  type EngineOptions,
  type Executables,
  type StandaloneContainerd,
  startContainerd,
  startEngine,
} from '@longshore/testing';
import type {ExecutionContext} from 'ava';

export function openEngine(t: ExecutionContext, options: EngineOptions = {}): Promise<Engine> {
  return disposeAtEnd(t, startEngine(options));
}

export function openContainerd(
  t: ExecutionContext,
  replaced: Partial<Executables> = {},
): Promise<StandaloneContainerd> {
  return disposeAtEnd(t, startContainerd(replaced));
}

async function disposeAtEnd<T extends AsyncDisposable>(t: ExecutionContext, starting: Promise<T>): Promise<T> {
  const started = await starting;
  t.teardown(async () => {
    try {
      await started[Symbol.asyncDispose]();
    } catch (error) {
      // Also when the test has failed already: then AVA shows its error only.
      t.log(error instanceof Error ? error.message : error);
      throw error;
    }
  });
  return started;
}
