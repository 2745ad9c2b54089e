/** Composes the volumes part. */
import type {Logger} from '@longshore/base';
import type {EventBus} from '../core/events/event-bus.ts';
import type {Owner} from '../core/users/remapping.ts';
import {Volumes} from '../core/volumes/volumes.ts';
import {openLocalDriver} from '../drivers/volumes/local-driver.ts';

/** `root` is `<data-root>/volumes`. */
export async function openVolumes(options: {
  root: string;
  /** Of the directories of new volumes; undefined for this process's. */
  owner?: Owner | undefined;
  events: EventBus;
  log: Logger;
}): Promise<Volumes> {
  const driver = openLocalDriver(options.root, options.log, options.owner);
  return new Volumes(driver, await driver.load(), options.events);
}
