/** What a check of the root directory finds. */

export interface Problem {
  /** `damage` loses something or makes a call fail; `garbage` costs space until the next start of the daemon. */
  readonly severity: 'damage' | 'garbage';
  /** Fixed name of the kind of problem, such as `blob-digest`. */
  readonly kind: string;
  /** Empty when it is of no namespace. */
  readonly namespace: string;
  /** What has the problem: a digest, a path, `overlayfs/<key>`, `<lease>: <type> <id>`. */
  readonly object: string;
  readonly detail: string;
}

export type Report = (problem: Problem) => void;

export const damage = (kind: string, namespace: string, object: string, detail: string): Problem => ({
  ...{severity: 'damage', kind, namespace, object, detail},
});

export const garbage = (kind: string, object: string, detail: string): Problem => ({
  ...{severity: 'garbage', kind, namespace: '', object, detail},
});
