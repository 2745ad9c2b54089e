// Guests are heavy: one at a time, and minutes where the other suites need seconds.
export default {
  files: ['e2e/vm/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 1,
  serial: true,
  timeout: '30m',
  workerThreads: false,
  verbose: true,
};
