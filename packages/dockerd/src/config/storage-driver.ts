/** `--storage-driver`: storage drivers of Docker are snapshotters of containerd. */

/** Docker's names for storage drivers. Every other name is that of a snapshotter, its own or a proxy plugin's. */
const snapshotters: {readonly [driver: string]: string} = {
  overlay2: 'overlayfs',
  vfs: 'native',
  devicemapper: 'devmapper',
};
const removed: readonly string[] = ['aufs', 'overlay'];

/** The name of the snapshotter that a value of `--storage-driver` stands for. */
export function snapshotterOf(driver: string): string {
  return driver === '' ? 'overlayfs' : (snapshotters[driver] ?? driver);
}

/** Says what is wrong with a name that is never a driver, before anything is started. */
export function checkStorageDriver(driver: string): string | undefined {
  if (removed.includes(driver)) {
    return `storage driver "${driver}" is no longer supported; use "overlay2", and pull the images again`;
  }
  return driver === '' || /^[A-Za-z0-9][\w.-]*$/.test(driver)
    ? undefined
    : `invalid value "${driver}" for --storage-driver`;
}
