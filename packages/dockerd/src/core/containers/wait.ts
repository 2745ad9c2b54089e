import {EngineError} from '@longshore/errdefs';
import type {Container, RunResult} from './container.ts';
import {exitCodeOf, isRunning} from './state.ts';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** Throws `invalid condition: "x"`. The empty condition is `not-running`. */
export function parseWaitCondition(text: string): WaitCondition {
  if (text === '' || text === 'not-running') return 'not-running';
  if (text === 'next-exit' || text === 'removed') return text;
  throw new EngineError('invalid-argument', `invalid condition: ${JSON.stringify(text)}`);
}

/** Resolves when the condition holds. Registered before it returns: nothing that happens afterwards is missed. */
export function waitForContainer(container: Container, condition: WaitCondition): Promise<RunResult> {
  if (condition === 'removed') return container.removed();
  if (condition === 'next-exit' || isRunning(container.state)) return container.nextExit();
  const {state} = container;
  return Promise.resolve({exitCode: exitCodeOf(state), error: ''});
}
