/**
 * When the end of a process may be told. Children end when they like; containerd is promised an order:
 * - a process that ends before its Start call was answered is told after its start;
 * - a container's first process is told last, after every process exec'd into it.
 */
import type {ContainerProcess, ProcessExit} from './container-process.ts';

export interface ExitListener {
  /** Tells the world. Called once per process, in the promised order. */
  exited(process: ContainerProcess, exit: ProcessExit): void;
  /** The first process has ended: takes care that those exec'd into the container end too. */
  initEnded(): Promise<void>;
}

export class ExitOrder {
  readonly #init: ContainerProcess;
  readonly #listener: ExitListener;
  /** Processes whose start is being answered, with the exit that came meanwhile. */
  readonly #held = new Map<ContainerProcess, ProcessExit | undefined>();
  readonly #activeExecs = new Set<ContainerProcess>();
  #initExit: ProcessExit | undefined;
  #initCleaned = false;

  constructor(init: ContainerProcess, listener: ExitListener) {
    this.#init = init;
    this.#listener = listener;
  }

  /** True from the moment the first process ended, told or not. */
  get initHasEnded(): boolean {
    return this.#initExit !== undefined || this.#held.get(this.#init) !== undefined;
  }

  /** Keeps back the exit of this process. The returned function lets it go; `running` false means it never started. */
  holdStart(process: ContainerProcess): (running: boolean) => void {
    this.#held.set(process, undefined);
    if (process !== this.#init) this.#activeExecs.add(process);
    return running => {
      const exit = this.#held.get(process);
      this.#held.delete(process);
      if (exit) this.report(process, exit);
      else if (!running) {
        this.#activeExecs.delete(process);
        this.#tellInit();
      }
    };
  }

  report(process: ContainerProcess, exit: ProcessExit): void {
    if (this.#held.has(process)) this.#held.set(process, exit);
    else if (process === this.#init) void this.#initEnded(exit);
    else {
      this.#activeExecs.delete(process);
      this.#listener.exited(process, exit);
      this.#tellInit();
    }
  }

  async #initEnded(exit: ProcessExit): Promise<void> {
    this.#initExit = exit;
    await this.#listener.initEnded();
    this.#initCleaned = true;
    this.#tellInit();
  }

  #tellInit(): void {
    const exit = this.#initExit;
    if (!exit || !this.#initCleaned || this.#activeExecs.size > 0) return;
    this.#initCleaned = false; // told once
    this.#listener.exited(this.#init, exit);
  }
}
