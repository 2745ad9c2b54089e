/** All containers of the daemon, by id, by id prefix and by name. */
import {EngineError} from '@longshore/errdefs';
import type {Container} from './container.ts';
import {LinkIndex} from './links/link-index.ts';

/** So many removed containers are remembered. */
const rememberedRemovals = 1000;

export class ContainerRegistry {
  readonly #byId = new Map<string, Container>();
  /** Name with its slash → id. A name may be reserved before its container exists. */
  readonly #names = new Map<string, string>();
  readonly links = new LinkIndex();
  readonly #removed = new Set<string>();

  get all(): Container[] {
    return [...this.#byId.values()];
  }

  get(id: string): Container | undefined {
    return this.#byId.get(id);
  }

  /** By whole id, name, or the beginning of an id. Throws `No such container: x`. */
  find(reference: string): Container {
    const exact = this.#byId.get(reference) ?? this.byName(reference);
    if (exact) return exact;
    const found = /^[0-9a-f]+$/.test(reference) ? this.all.filter(({id}) => id.startsWith(reference)) : [];
    if (found.length > 1) {
      throw new EngineError('invalid-argument', `multiple IDs found with provided prefix: ${reference}`);
    }
    const [only] = found;
    if (!only) throw new EngineError('not-found', `No such container: ${reference}`);
    return only;
  }

  add(container: Container): void {
    this.#byId.set(container.id, container);
  }

  /** Forgets the container and its name. */
  remove(container: Container): void {
    this.#byId.delete(container.id);
    this.#removed.add(container.id);
    for (const oldest of this.#removed) {
      if (this.#removed.size <= rememberedRemovals) break;
      this.#removed.delete(oldest);
    }
    if (this.#names.get(container.record.name) === container.id) this.#names.delete(container.record.name);
  }

  /** One of the last containers that were removed, not something of somebody else. */
  wasRemoved(id: string): boolean {
    return this.#removed.has(id);
  }

  /** Throws Docker's conflict when the name belongs to another container. */
  reserveName(name: string, id: string): void {
    const owner = this.#names.get(name);
    if (owner !== undefined && owner !== id) {
      throw new EngineError(
        'conflict',
        `Conflict. The container name ${JSON.stringify(name)} is already in use by container ${JSON.stringify(owner)}. You have to remove (or rename) that container to be able to reuse that name.`,
      );
    }
    this.#names.set(name, id);
  }

  releaseName(name: string, id: string): void {
    if (this.#names.get(name) === id) this.#names.delete(name);
  }

  isNameFree(name: string): boolean {
    return !this.#names.has(name);
  }

  /** With or without the leading slash. */
  byName(reference: string): Container | undefined {
    const id = this.#names.get(reference.startsWith('/') ? reference : `/${reference}`);
    return id === undefined ? undefined : this.#byId.get(id);
  }
}
