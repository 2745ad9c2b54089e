import {type Engine, type EngineOptions, startEngine} from '@longshore/testing';
import type {TestFn} from 'ava';

/**
 * One engine for all tests of a file: `const engine = sharedEngine(test)`, then `engine()` inside the tests. It is
 * stopped after the last one, and leftovers fail the file.
 */
export function sharedEngine(test: TestFn, options: EngineOptions = {}): () => Engine {
  let engine: Engine | undefined;
  test.before('start an engine', async t => {
    t.timeout(60_000);
    engine = await startEngine(options);
  });
  test.after.always('stop the engine and look for leftovers', async t => {
    t.timeout(60_000);
    await engine?.[Symbol.asyncDispose]();
  });
  return () => {
    if (!engine) throw new Error('the engine has not started');
    return engine;
  };
}
