// The platform package's .node file by a literal path, so that the bundler embeds it. A function, so that a process
// which never makes a system call does not load it either.
module.exports = () =>
  process.arch === 'arm64'
    ? require('@koromix/koffi-linux-arm64/linux_arm64/koffi.node')
    : require('@koromix/koffi-linux-x64/linux_x64/koffi.node');
