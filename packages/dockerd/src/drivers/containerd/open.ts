/** The connection to containerd. */
import {callContext, type Logger, sleep, withTimeout} from '@longshore/base';
import {type ContainerdClient, openClient} from '@longshore/containerd-client';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {StartedContainerd} from './start.ts';
import {healthTimeoutMs, type Supervision, startTimeoutMs} from './supervisor.ts';

/** A request that comes while containerd is restarted waits this long for it before it fails. */
const patienceMs = 10_000;

export interface Containerd extends AsyncDisposable {
  address: string;
  client: ContainerdClient;
  /** Rejects when a containerd of our own cannot be kept running. */
  lost: Promise<never>;
}

/** Resolves when containerd serves; from then on one of our own is watched. `isBusy`: somebody waits for its answers. */
export async function connectContainerd(
  {address, supervisor}: StartedContainerd,
  supervision: Supervision,
  log: Logger,
): Promise<Containerd> {
  // A channel that is asked too early waits long before it tries again: only a socket that takes connections counts.
  await supervisor?.untilListening();
  const client = openClient({address, patienceMs});
  try {
    const isHealthy = async () => (await client.health.check(timeout(log), {}, {patienceMs: 0})).status === 1;
    if (supervisor) await supervisor.watch(isHealthy, supervision);
    else await requireContainerd(client, log);
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
  const lost = supervisor ? supervisor.lost : new Promise<never>(() => {});
  return {address, client, lost, [Symbol.asyncDispose]: async () => client[Symbol.dispose]()};
}

/** Throws when no containerd answers at `client`'s address: for one that somebody else runs. */
async function requireContainerd(client: ContainerdClient, log: Logger): Promise<void> {
  for (const end = Date.now() + startTimeoutMs; ; ) {
    try {
      await client.version.version(timeout(log), {}, {patienceMs: 0});
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw new EngineError('unavailable', `failed to connect to containerd: ${messageOf(error)}`, {cause: error});
      }
    }
    await sleep(100);
  }
}

function timeout(log: Logger) {
  return withTimeout(callContext({log}), healthTimeoutMs);
}
