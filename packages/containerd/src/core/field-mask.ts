/** Partial updates: which fields a google.protobuf.FieldMask names, and what that does to a map such as labels. */
import type {Labels} from './names.ts';

export interface MaskPath {
  field: string;
  /** For `labels.KEY`: the key, which may itself contain dots. */
  key?: string;
}

/** `labels."a.b"` is not a form that clients send: everything after the first dot is the key. */
export function parseMaskPath(path: string): MaskPath {
  const dot = path.indexOf('.');
  return dot < 0 ? {field: path} : {field: path.slice(0, dot), key: path.slice(dot + 1)};
}

/** A map after an update: one key of it, or all of it when the path names none. An empty value removes its key. */
export function updateMap(current: Labels, given: Labels, key: string | undefined): Labels {
  return withoutEmpty(key === undefined ? given : {...current, [key]: given[key] ?? ''});
}

/** The paths under `field` of a whole mask applied to a map; an empty mask replaces it. */
export function updateMapByMask(current: Labels, given: Labels, paths: readonly string[], field = 'labels'): Labels {
  if (paths.length === 0) return withoutEmpty(given);
  return paths
    .map(parseMaskPath)
    .filter(path => path.field === field)
    .reduce((map, path) => updateMap(map, given, path.key), current);
}

/** containerd never stores an empty value: setting one is how clients remove a label. */
export function withoutEmpty(map: Labels): Labels {
  const entries = Object.entries(map);
  return entries.every(([, value]) => value !== '')
    ? map
    : Object.fromEntries(entries.filter(([, value]) => value !== ''));
}
