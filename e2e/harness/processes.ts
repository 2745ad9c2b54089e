import {descendants, type Engine, type ProcessInfo, poll} from '@longshore/testing';

/** The shim of a container. Throws when there is none. */
export function shimOf(engine: Engine, id: string): ProcessInfo {
  const shim = descendants(engine.sandbox.pid).find(
    p => p.command.includes('containerd-shim-runc-v2') && p.command.includes(id),
  );
  if (!shim) throw new Error(`no shim of container ${id}`);
  return shim;
}

/** Waits until the container's state, as the Engine API shows it, is the given one. */
export async function waitForStatus(engine: Engine, id: string, status: string, timeout = 10_000): Promise<void> {
  const look = async () =>
    (await engine.api.get<{State: {Status: string}}>(`/containers/${id}/json`)).State.Status === status;
  await poll(look, {timeout, what: `container ${id} to be ${status}`});
}
