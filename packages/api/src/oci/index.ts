/**
 * The JSON of the Open Container Initiative: runtime-spec 1.2 (a bundle's config.json, hook state, features) and
 * image-spec 1.1 (descriptor, index, manifest, image configuration). Types only, Linux only; keys that are not
 * declared here are still legal in documents others wrote, so read and write whole objects.
 */
export type * from './features.ts';
export type * from './image.ts';
export type * from './linux.ts';
export type * from './resources.ts';
export type * from './runtime.ts';
export type * from './seccomp.ts';
