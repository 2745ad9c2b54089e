import {type Engine, poll} from '@longshore/testing';

/** Waits until the container's state, as the Engine API shows it, is the given one. */
export async function waitForStatus(engine: Engine, id: string, status: string, timeout = 10_000): Promise<void> {
  const look = async () =>
    (await engine.api.get<{State: {Status: string}}>(`/containers/${id}/json`)).State.Status === status;
  await poll(look, {timeout, what: `container ${id} to be ${status}`});
}
