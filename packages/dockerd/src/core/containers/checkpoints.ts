/** Checkpoints: the frozen state of a container's processes, to be continued by a later start. Experimental. */
import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {Container} from './container.ts';
import {hasProcess} from './state.ts';
import {publishContainerEvent, type World} from './world.ts';

export interface CheckpointRequest {
  name: string;
  /** A directory of the user; empty for the container's own. */
  directory: string;
  /** End the container. */
  exit: boolean;
}

const allowed = '[a-zA-Z0-9][a-zA-Z0-9_.-]';
const pattern = new RegExp(`^${allowed}+$`);

/** Throws Docker's messages, and what the runtime or CRIU complain about; then nothing is left of the checkpoint. */
export async function createCheckpoint(
  world: World,
  ctx: CallContext,
  container: Container,
  {name, directory, exit}: CheckpointRequest,
): Promise<void> {
  using _lock = await container.lock.acquire(ctx.signal);
  const {id, state, record} = container;
  if (!hasProcess(state)) throw new EngineError('conflict', `container ${id} is not running`);
  if (record.config.Tty) {
    throw new EngineError('invalid-argument', 'checkpoint not supported on containers with tty');
  }
  checkCheckpointName(name);
  const path = await world.checkpoints.create(id, directory, name);
  try {
    await world.runtime.checkpoint(ctx, id, path, exit);
  } catch (error) {
    await world.checkpoints.remove(id, directory, name);
    throw new EngineError(codeOf(error), `Cannot checkpoint container ${id}: ${messageOf(error)}`, {cause: error});
  }
  publishContainerEvent(world, container, 'checkpoint');
}

/** Also keeps names with slashes from reaching the disk. */
export function checkCheckpointName(name: string): void {
  if (pattern.test(name)) return;
  throw new EngineError('invalid-argument', `Invalid checkpoint ID (${name}), only ${allowed} are allowed`);
}
