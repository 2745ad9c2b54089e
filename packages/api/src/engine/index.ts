/**
 * The JSON of the Docker Engine API 1.51, as `docker` and `dockerd` exchange it. Types only.
 *
 * An interface describes what the daemon answers: a key without `?` is always there, `?` is left out when empty, and
 * `| null` is what Go writes for a nil list or map. Requests may leave out or null anything: their types end in
 * `Request` and are built with `Loose`.
 */
export type * from './common.ts';
export type * from './container.ts';
export type * from './container-config.ts';
export type * from './exec.ts';
export type * from './host-config.ts';
export type * from './image.ts';
export type * from './jobs.ts';
export type * from './mount.ts';
export type * from './network.ts';
export type * from './plugin.ts';
export type * from './progress.ts';
export type * from './stats.ts';
export type * from './system.ts';
export type * from './trace.ts';
export type * from './volume.ts';
