import type {World} from '../containers/world.ts';
import {nowNano} from '../events/event-bus.ts';

const intervalMs = 5 * 60_000;

/** Forgets execs that ended more than five minutes ago, every five minutes: clients may still ask for the exit code. */
export function collectExecs(world: World): Disposable {
  const timer = setInterval(() => {
    const limit = nowNano() - BigInt(intervalMs) * 1_000_000n;
    for (const {execs} of world.registry.all) {
      for (const [id, {endedAt}] of execs) if (endedAt !== undefined && endedAt < limit) execs.delete(id);
    }
  }, intervalMs);
  timer.unref();
  return {[Symbol.dispose]: () => clearInterval(timer)};
}
