/** Taking names off images, and removing images that have none left. */
import {type CallContext, Mutex} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {familiarReference} from '@longshore/oci';
import type {EventBus} from '../events/event-bus.ts';
import type {Filters} from '../filters/filters.ts';
import type {ImageUsers} from '../ports/image-service.ts';
import type {CatalogImage, FoundImage} from './catalog.ts';
import type {ImageRecord, ImageStore} from './image-store.ts';
import type {Images} from './images.ts';
import {danglingName, isDangling, referenceOf, repoDigests, shortDigest} from './names.ts';

export type DeletionStep = {untagged: string} | {deleted: string};

export interface DeletionParts {
  images: Images;
  store: ImageStore;
  users: () => ImageUsers;
  events: EventBus;
}

export class ImageDeletion {
  readonly #parts: DeletionParts;
  /** Who uses an image and which names it has must not change between the check and the removal. */
  readonly #lock = new Mutex();

  constructor(parts: DeletionParts) {
    this.#parts = parts;
  }

  /** Throws `conflict` with Docker's words when the image is used, or has more names than may be removed at once. */
  async remove(ctx: CallContext, reference: string, options: {force: boolean}): Promise<DeletionStep[]> {
    using _lock = await this.#lock.acquire(ctx.signal);
    const image = await this.#parts.images.find(ctx, reference);
    return image.named && !isDangling(image.named.name)
      ? await this.#removeNamed(ctx, image, image.named, options)
      : await this.#removeById(ctx, image, options);
  }

  /** Removes images that no container uses: only those without a name, unless `all`. Returns the bytes given back. */
  async prune(
    ctx: CallContext,
    options: {all: boolean; filters: Filters; isOldEnough: (created: string) => boolean},
  ): Promise<{steps: DeletionStep[]; bytes: number}> {
    const {images} = this.#parts;
    const steps: DeletionStep[] = [];
    let bytes = 0;
    using _lock = await this.#lock.acquire(ctx.signal);
    for (const image of await images.list(ctx)) {
      ctx.signal.throwIfAborted();
      const isNameless = image.records.every(({name}) => isDangling(name));
      if ((!isNameless && !options.all) || this.#users(image).length > 0) continue;
      if (!(await this.#passes(ctx, image, options))) continue;
      const {content, unpacked} = await images.usage(ctx, image);
      steps.push(...(await this.#removeAll(ctx, image)));
      bytes += content + unpacked;
    }
    this.#parts.events.publish('image', 'prune', '', {reclaimed: String(bytes)});
    return {steps, bytes};
  }

  async #removeNamed(
    ctx: CallContext,
    image: FoundImage,
    named: ImageRecord,
    {force}: {force: boolean},
  ): Promise<DeletionStep[]> {
    if (image.records.length > 1) return [await this.#untag(ctx, image, named)];
    const users = this.#users(image);
    const [user] = users;
    if (user && !force) {
      throw new EngineError(
        'conflict',
        `conflict: unable to delete ${shownName(named)} (must be forced) - container ${user.id.slice(0, 12)} ` +
          `is using its referenced image ${shortDigest(image.id)}`,
      );
    }
    if (!users.some(({running}) => running)) return await this.#removeAll(ctx, image);
    // A running container keeps its image, without a name.
    await this.#parts.store.put(ctx, danglingName(image.id), image.target, named.labels);
    return [await this.#untag(ctx, image, named)];
  }

  async #removeById(ctx: CallContext, image: FoundImage, {force}: {force: boolean}): Promise<DeletionStep[]> {
    const short = shortDigest(image.id);
    const users = this.#users(image);
    const running = users.find(user => user.running);
    if (running) {
      throw new EngineError(
        'conflict',
        `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container ${running.id.slice(0, 12)}`,
      );
    }
    const repositories = new Set(repoDigests(image.records));
    if (repositories.size > 1 && !force) {
      throw new EngineError(
        'conflict',
        `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
      );
    }
    const [user] = users;
    if (user && !force) {
      throw new EngineError(
        'conflict',
        `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container ${user.id.slice(0, 12)}`,
      );
    }
    return await this.#removeAll(ctx, image);
  }

  /** The last name goes last, and with it the content. */
  async #removeAll(ctx: CallContext, image: CatalogImage): Promise<DeletionStep[]> {
    const steps: DeletionStep[] = [];
    const labels = await this.#parts.images.labelsOf(ctx, image.target);
    const records = [...image.records];
    const last = records.pop();
    for (const record of records) steps.push(await this.#untag(ctx, image, record));
    if (last) {
      await this.#removeRecord(ctx, last, {sync: true});
      if (!isDangling(last.name)) {
        this.#parts.images.announceWith(labels, 'untag', image.id);
        steps.push({untagged: shownName(last)});
      }
    }
    this.#parts.images.announceWith({}, 'delete', image.id);
    return [...steps, {deleted: image.id}];
  }

  async #untag(ctx: CallContext, image: CatalogImage, record: ImageRecord): Promise<DeletionStep> {
    const labels = await this.#parts.images.labelsOf(ctx, image.target);
    await this.#removeRecord(ctx, record, {sync: false});
    this.#parts.images.announceWith(labels, 'untag', image.id);
    return {untagged: shownName(record)};
  }

  async #removeRecord(ctx: CallContext, {name}: ImageRecord, options: {sync: boolean}): Promise<void> {
    try {
      await this.#parts.store.remove(ctx, name, options);
    } catch (error) {
      if (!isErrorCode(error, 'not-found')) throw error; // another client of containerd was faster
    }
  }

  #users(image: CatalogImage) {
    return this.#parts.users().usersOf(image.id);
  }

  async #passes(
    ctx: CallContext,
    image: CatalogImage,
    {filters, isOldEnough}: {filters: Filters; isOldEnough: (created: string) => boolean},
  ): Promise<boolean> {
    if (!['label', 'label!', 'until'].some(key => filters.has(key))) return true;
    const {parts} = await this.#parts.images.describe(ctx, image.id);
    const labels = parts.config.config?.Labels ?? null;
    return (
      filters.matchLabels('label', labels) &&
      filters.hasNoLabels('label!', labels) &&
      isOldEnough(parts.config.created ?? '')
    );
  }
}

function shownName(record: ImageRecord): string {
  const reference = referenceOf(record);
  return reference ? familiarReference(reference) : record.name;
}
