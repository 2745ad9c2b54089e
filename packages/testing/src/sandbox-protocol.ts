/** Messages between startEngine() in the test's process and the sandbox process that holds the namespaces. */

/** Test → sandbox. */
export type SandboxRequest =
  | {kind: 'spawn'; request: number; argv: string[]; env: Record<string, string>; cwd: string; log: string}
  | {kind: 'kill'; request: number; pid: number; signal: number}
  | {kind: 'survey'; request: number}
  | {kind: 'stop'; request: number};

/** Sandbox → test. */
export type SandboxMessage =
  | {kind: 'ready'; pid: number}
  | {kind: 'failed'; message: string}
  | {kind: 'answer'; request: number; error?: string; pid?: number; survey?: Survey}
  | {kind: 'exit'; pid: number; status: number};

/** What is alive in the sandbox at one moment; two of them are compared by the leak check. */
export interface Survey {
  /** Every process of the sandbox but the sandbox process itself. */
  processes: {pid: number; parent: number; command: string}[];
  /** Mount points of the sandbox's mount namespace. */
  mounts: string[];
  /** Names of the network links in the sandbox's network namespace. */
  links: string[];
}
