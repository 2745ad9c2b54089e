/**
 * Names are bytes. As keys and path components they are "binary" strings with one character per byte; `bytesOf` turns
 * one into what a system call wants.
 */
import {EngineError} from '@longshore/errdefs';
import {tarError} from '@longshore/oci';

/** Deeper trees cost a descriptor per level. */
export const maxDepth = 1024;

export function bytesOf(name: string): Buffer {
  return Buffer.from(name, 'latin1');
}

/** Components of a path, `.` left out. */
export function componentsOf(path: string | Buffer): string[] {
  const text = (typeof path === 'string' ? Buffer.from(path) : path).toString('latin1');
  return text.split('/').filter(component => component !== '' && component !== '.');
}

/** Components of a name in an archive. Throws `invalid-argument` for one that leaves the archive. */
export function splitMemberName(name: Buffer): string[] {
  const components: string[] = [];
  for (const component of componentsOf(name)) {
    if (component !== '..') components.push(component);
    else if (components.pop() === undefined)
      throw tarError(`name ${JSON.stringify(name.toString())} leaves the archive`);
  }
  if (components.length > maxDepth) throw tarError(`a name has more than ${maxDepth} components`);
  return components;
}

/** For messages and answers. */
export function showPath(components: readonly string[]): string {
  return `/${bytesOf(components.join('/')).toString()}`;
}

export function tooDeep(): EngineError {
  return new EngineError('resource-exhausted', `directories are nested more than ${maxDepth} deep`);
}
