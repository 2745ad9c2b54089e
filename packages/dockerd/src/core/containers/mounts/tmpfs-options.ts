import type {MountPoint} from '../mount-point.ts';

/** Options for a `--mount type=tmpfs`, as mount(8) writes them. */
export function tmpfsOptionsOf({Spec: spec, RW: writable}: Pick<MountPoint, 'Spec' | 'RW'>): string[] {
  const options = spec?.TmpfsOptions;
  return [
    ...(writable ? [] : ['ro']),
    ...(options?.Options ?? []).map(pair => (pair ?? []).join('=')),
    ...(options?.Mode ? [`mode=${options.Mode.toString(8)}`] : []),
    ...(options?.SizeBytes ? [`size=${formatSize(options.SizeBytes)}`] : []),
  ];
}

/** With the largest unit that leaves a whole number. */
function formatSize(bytes: number): string {
  for (const [unit, size] of [
    ['g', 2 ** 30],
    ['m', 2 ** 20],
    ['k', 2 ** 10],
  ] as const) {
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}
