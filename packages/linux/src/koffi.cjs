// The platform package's .node file by a literal path, so that the bundler embeds it. A function, so that a process
// which never makes a system call does not load it either.
module.exports = () => {
  try {
    return process.arch === 'arm64'
      ? require('@koromix/koffi-linux-arm64/linux_arm64/koffi.node')
      : require('@koromix/koffi-linux-x64/linux_x64/koffi.node');
  } catch (error) {
    // The message begins with the file: inside of the executable, or where it has been written to.
    const file = error.code === 'ERR_DLOPEN_FAILED' && /\/[^:]+\.node/.exec(error.message)?.[0];
    if (!file) throw error;
    return loadFromElsewhere(file, error);
  }
};

// Bun writes an embedded library to $TMPDIR first. That fails when the directory is mounted noexec or cannot be written,
// and, where a file of another user has the name there (root of the machine and root of a user namespace have the same),
// when two processes start in the same tick of the clock. Another directory serves as well, and what has been loaded needs
// its file no more. The same require cannot be tried twice: the bundler keeps what failed as an empty module.
function loadFromElsewhere(source, error) {
  const {mkdtempSync, readFileSync, rmSync, writeFileSync} = require('node:fs');
  for (const parent of [process.env.TMPDIR, process.env.XDG_RUNTIME_DIR, '/tmp', '/run', '/dev/shm', '/var/tmp']) {
    let directory;
    try {
      if (!parent) continue;
      directory = mkdtempSync(`${parent}/longshore-`);
      const file = `${directory}/koffi.node`;
      writeFileSync(file, readFileSync(source), {mode: 0o600});
      const loaded = {exports: {}};
      process.dlopen(loaded, file);
      return loaded.exports;
    } catch {
      // The next one may do; if none does, the first error is the one to tell.
    } finally {
      if (directory) rmSync(directory, {recursive: true, force: true});
    }
  }
  throw error;
}
