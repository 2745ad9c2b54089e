import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {Container} from './container.ts';
import {renameLinks} from './links/links.ts';
import {checkName} from './names.ts';
import {publishContainerEvent, saveContainer, saveOrWarn, type World} from './world.ts';

/** Throws `invalid-argument` for an empty name. */
export function requireNewName(wanted: string): void {
  if (wanted === '') throw new EngineError('invalid-argument', 'Neither old nor new names may be empty');
}

/** Throws Docker's messages for empty, equal, bad and taken names. */
export async function renameContainer(
  world: World,
  ctx: CallContext,
  container: Container,
  wanted: string,
): Promise<void> {
  requireNewName(wanted);
  using _lock = await container.lock.acquire(ctx.signal);
  const {record, id} = container;
  const name = wanted.startsWith('/') ? wanted : `/${wanted}`;
  const oldName = record.name;
  if (name === oldName) {
    throw new EngineError('invalid-argument', 'Renaming a container with the same name as its current name');
  }
  try {
    world.registry.reserveName(checkName(name), id);
  } catch (error) {
    throw new EngineError(codeOf(error), `Error when allocating new name: ${messageOf(error)}`, {cause: error});
  }
  record.name = name;
  try {
    await saveContainer(world, container);
    await world.networks.rename(id, container.name);
  } catch (error) {
    record.name = oldName;
    world.registry.releaseName(name, id);
    await saveOrWarn(world, container);
    throw error;
  }
  world.registry.releaseName(oldName, id);
  await renameLinks(world, container, oldName);
  publishContainerEvent(world, container, 'rename', {oldName});
}
