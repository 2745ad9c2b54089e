/**
 * Names from archives. They are bytes; as keys they are "binary" strings with one character per byte, and `bytesOf`
 * turns a component back into what a system call wants.
 */
import {tarError} from '@longshore/oci';

const maxDepth = 2048;

/**
 * Components of a name below the root of the layer: `/` at the start means nothing, `a/../b` is `b`. Throws
 * `invalid-argument` for a name that leaves the root.
 */
export function splitName(name: Buffer): string[] {
  const components: string[] = [];
  for (const component of name.toString('latin1').split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') components.push(component);
    else if (components.pop() === undefined) throw tarError(`name ${JSON.stringify(name.toString())} leaves the layer`);
  }
  if (components.length > maxDepth) throw tarError(`a name has more than ${maxDepth} components`);
  return components;
}

/** Components of a symbolic link's target, `..` included: only the walk can tell what that means. */
export function splitLink(target: string): string[] {
  return target.split('/').filter(component => component !== '' && component !== '.');
}

export function bytesOf(name: string): Buffer {
  return Buffer.from(name, 'latin1');
}

/** For messages. */
export function showName(components: readonly string[]): string {
  return JSON.stringify(Buffer.from(components.join('/'), 'latin1').toString());
}
