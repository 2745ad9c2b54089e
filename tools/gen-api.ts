/**
 * Generates packages/api/src/gen from proto/ with buf and ts-proto, both from node_modules: no network.
 * The new tree is made beside the old one and takes its place in one step, so a failed run leaves the old one alone
 * and files of deleted .proto sources disappear.
 *
 * Usage: node tools/gen-api.ts (from any directory)
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';

const root = resolve(import.meta.dirname, '..');
const target = join(root, 'packages/api/src/gen');
const resolveFrom = createRequire(join(root, 'package.json')).resolve;

/** What the generated code looks like; packages/api/README.md describes it for its readers. */
const options = {
  annotateFilesWithVersion: 'false', // the same output for the same input
  comments: 'false', // proto/ is the place to read them
  enumsAsLiterals: 'true', // `enum` is not erasable
  env: 'node', // bytes are Buffer
  esModuleInterop: 'false',
  exportCommonSymbols: 'false',
  forceLong: 'bigint',
  importSuffix: '.ts',
  outputJsonMethods: 'false',
  outputPartialMethods: 'true',
  outputServices: 'generic-definitions',
  unrecognizedEnum: 'false',
  useDate: 'false', // a Timestamp keeps its nanoseconds
  useExactTypes: 'false',
};

/** Runs buf over proto/ with ts-proto as its only plugin, into `out`. */
function generate(out: string): void {
  const template = {
    version: 'v2',
    plugins: [
      {
        local: [process.execPath, join(dirname(resolveFrom('ts-proto/package.json')), 'protoc-gen-ts_proto')],
        out,
        strategy: 'all', // one run of the plugin: it also writes the google.protobuf files that are imported
        opt: Object.entries(options).map(([name, value]) => `${name}=${value}`),
      },
    ],
  };
  const buf = join(dirname(resolveFrom('@bufbuild/buf/package.json')), 'bin/buf');
  const env = {...process.env, BUF_CACHE_DIR: `${out}.cache`}; // not in the home directory
  const args = [buf, 'generate', join(root, 'proto'), '--template', JSON.stringify(template)];
  const {status, error} = spawnSync(process.execPath, args, {stdio: 'inherit', env});
  if (error) throw error;
  if (status !== 0) throw new Error(`buf generate failed with exit code ${status}`);
}

/** Messages that carry blobs: their bytes are not copied out of what they are decoded from, which nobody uses again. */
const bulkMessages = ['containerd/services/content/v1/content.ts', 'containerd/types/transfer/streaming.ts'];
const copy = 'Buffer.from(reader.bytes())';
const view = '((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))(reader.bytes())';

function keepViews(out: string): void {
  for (const file of bulkMessages) {
    const path = join(out, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(copy)) throw new Error(`${file} copies no bytes any more: look at what ts-proto writes now`);
    writeFileSync(path, text.replaceAll(copy, view));
  }
}

/** Puts `fresh` where `target` is. There is an instant without a tree: rename(2) cannot replace a directory that is not empty. */
function swap(fresh: string): void {
  const old = `${fresh}.old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, {recursive: true, force: true});
}

// In dist/ because git, nx and tsc look away from it, and it is on the same filesystem.
mkdirSync(join(root, 'dist'), {recursive: true});
mkdirSync(dirname(target), {recursive: true});
const scratch = mkdtempSync(join(root, 'dist/gen-api-'));
try {
  generate(join(scratch, 'gen'));
  keepViews(join(scratch, 'gen'));
  swap(join(scratch, 'gen'));
} finally {
  rmSync(scratch, {recursive: true, force: true});
}
