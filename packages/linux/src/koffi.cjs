// The platform package's .node file by a literal path, so that the bundler embeds it. A function, so that a process
// which never makes a system call does not load it either.
const load = () =>
  process.arch === 'arm64'
    ? require('@koromix/koffi-linux-arm64/linux_arm64/koffi.node')
    : require('@koromix/koffi-linux-x64/linux_x64/koffi.node');

module.exports = () => {
  try {
    return load();
  } catch (error) {
    if (error.code !== 'ERR_DLOPEN_FAILED') throw error;
    return loadFromElsewhere(error);
  }
};

// Bun writes an embedded library to `$TMPDIR/.bun-<uid>-<hash>.node` first. That cannot be when the directory is mounted
// noexec, or, for root of a user namespace, when root of the machine has such a file there already. A directory of our own
// serves as well; what has been loaded needs its file no more.
function loadFromElsewhere(error) {
  const {mkdtempSync, rmSync} = require('node:fs');
  const {XDG_RUNTIME_DIR, TMPDIR} = process.env;
  for (const parent of [TMPDIR || '/tmp', XDG_RUNTIME_DIR, '/run', '/dev/shm', '/var/tmp']) {
    let directory;
    try {
      if (!parent) continue;
      directory = mkdtempSync(`${parent}/longshore-`);
      process.env.TMPDIR = directory;
      return load();
    } catch {
      // The next one may do; if none does, the first error is the one to tell.
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
      if (directory) rmSync(directory, {recursive: true, force: true});
    }
  }
  throw error;
}
