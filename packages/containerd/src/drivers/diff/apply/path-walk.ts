import {tarError} from '@longshore/oci';
import {showName, splitLink} from './entry-path.ts';

/** Linux's own limit for one path. */
const maxLinks = 40;

/** A path being resolved component by component below a root, where links are taken as inside that root. */
export class PathWalk {
  /** Where the walk is: no links, no `..`. */
  readonly path: string[] = [];
  /** Components still to go, the next one last. */
  readonly #todo: string[];
  /** For the root and every directory on `path`: lower layers show nothing in it. */
  readonly #hidden: boolean[] = [false];
  #links = 0;

  constructor(components: readonly string[]) {
    this.#todo = [...components].reverse();
  }

  get isHidden(): boolean {
    return this.#hidden.at(-1) === true;
  }

  /** The next component to look at in the directory where the walk is; undefined at the end. */
  next(): string | undefined {
    for (let name = this.#todo.pop(); name !== undefined; name = this.#todo.pop()) {
      if (name !== '..') return name;
      this.#leave();
    }
    return undefined;
  }

  /** Goes into a directory. */
  descend(name: string, isOpaque = false): void {
    this.path.push(name);
    this.#hidden.push(this.isHidden || isOpaque);
  }

  /** Goes where a symbolic link leads. Throws `invalid-argument` for a loop. */
  follow(target: Buffer): void {
    if (++this.#links > maxLinks) throw tarError(`too many symbolic links below ${showName(this.path)}`);
    const text = target.toString('latin1');
    if (text.startsWith('/')) while (this.path.length > 0) this.#leave();
    this.#todo.push(...splitLink(text).reverse());
  }

  /** `..` of the root is the root. */
  #leave(): void {
    if (this.path.pop() !== undefined) this.#hidden.pop();
  }
}
