// Engines are heavy and the machines have two cores: two test files at a time, each with engines of its own.
export default {
  files: ['e2e/**/*.test.ts', '!e2e/vm/**'],
  extensions: ['ts'],
  concurrency: 2,
  timeout: '3m',
  workerThreads: false,
  verbose: true,
};
