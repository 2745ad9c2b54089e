/** The parts of the daemon as containerd's clients list them. Nothing is started through this list. */

export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

export interface Plugin {
  readonly type: string;
  readonly id: string;
  /** Types of plugins that it is built on. */
  readonly requires?: readonly string[];
  readonly platforms?: readonly Platform[];
  readonly capabilities?: readonly string[];
  readonly exports?: {readonly [name: string]: string};
  /** Why it does not work here; absent when it does. */
  readonly problem?: {readonly code: 'unimplemented' | 'failed-precondition'; readonly message: string};
}
