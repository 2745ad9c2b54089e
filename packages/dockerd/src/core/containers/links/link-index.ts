/**
 * Links of containers on the default bridge (`--link child:alias`): who is linked to whom, by id, so that a rename
 * breaks nothing. What is on disk is the text in the HostConfig of the parent.
 */
import {EngineError} from '@longshore/errdefs';

export interface Link {
  parentId: string;
  childId: string;
  /** Without any slash. */
  alias: string;
}

export class LinkIndex {
  readonly #links: Link[] = [];

  add(link: Link): void {
    this.#links.push(link);
  }

  /** Links of a container to others, in the order in which they were asked for. */
  childrenOf(parentId: string): Link[] {
    return this.#links.filter(link => link.parentId === parentId);
  }

  parentsOf(childId: string): Link[] {
    return this.#links.filter(link => link.childId === childId);
  }

  /** Drops one link, or with no alias all links from and to a container; returns what was dropped. */
  remove(containerId: string, alias?: string): Link[] {
    const isMeant = (link: Link) =>
      alias === undefined
        ? link.parentId === containerId || link.childId === containerId
        : link.parentId === containerId && link.alias === alias;
    const dropped = this.#links.filter(isMeant);
    for (const link of dropped) this.#links.splice(this.#links.indexOf(link), 1);
    return dropped;
  }
}

/** `name`, `name:alias`, or `/name:/parent/alias` as an inspect shows it. Throws Docker's messages. */
export function parseLink(text: string): {name: string; alias: string} {
  if (text === '') throw new EngineError('invalid-argument', 'empty string specified for links');
  const parts = text.split(':');
  if (parts.length > 2) throw new EngineError('invalid-argument', `bad format for links: ${text}`);
  const [name = '', alias = name] = parts;
  if (!name.startsWith('/')) return {name, alias: alias.replace(/^\/+/, '')};
  return {name: name.slice(1), alias: alias.slice(alias.lastIndexOf('/') + 1)};
}
