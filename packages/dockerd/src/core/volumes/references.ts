/** Which containers refer to a volume, and in how many runs it is mounted now. */
export class VolumeReferences {
  /** Volume → containers that name it, running or not. */
  readonly #holders = new Map<string, Set<string>>();
  /** Volume → container → how often it has it mounted. */
  readonly #mounts = new Map<string, Map<string, number>>();

  hold(volume: string, containerId: string): void {
    const holders = this.#holders.get(volume) ?? new Set();
    this.#holders.set(volume, holders.add(containerId));
  }

  letGo(volume: string, containerId: string): void {
    const holders = this.#holders.get(volume);
    holders?.delete(containerId);
    if (holders?.size === 0) this.#holders.delete(volume);
  }

  holders(volume: string): string[] {
    return [...(this.#holders.get(volume) ?? [])];
  }

  isMounted(volume: string): boolean {
    return this.#mounts.has(volume);
  }

  addMount(volume: string, containerId: string): void {
    const mounts = this.#mounts.get(volume) ?? new Map<string, number>();
    this.#mounts.set(volume, mounts.set(containerId, (mounts.get(containerId) ?? 0) + 1));
  }

  /** True when this was the last one. */
  removeMount(volume: string, containerId: string): boolean {
    const mounts = this.#mounts.get(volume);
    const count = mounts?.get(containerId);
    if (!mounts || count === undefined) return false;
    if (count > 1) mounts.set(containerId, count - 1);
    else mounts.delete(containerId);
    if (mounts.size > 0) return false;
    this.#mounts.delete(volume);
    return true;
  }
}
