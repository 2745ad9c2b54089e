/** For tests: the descriptors of proto/, read by buf and not by the generator that made gen/. */
import {execFileSync} from 'node:child_process';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';
import {createFileRegistry, type DescFile, type FileRegistry, fromBinary} from '@bufbuild/protobuf';
import {FileDescriptorSetSchema} from '@bufbuild/protobuf/wkt';

const repository = resolve(import.meta.dirname, '../../..');

/** Facts about the interfaces, kept beside the repository and not in it: tests that compare with them skip without. */
export const reference = join(repository, '../shared/reference');

/** Path of a file inside an installed npm package. */
export function packageFile(name: string, path: string): string {
  return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), path);
}

/** Every message, enum and service of proto/ and of the google.protobuf files that it imports. */
export function loadRegistry(): FileRegistry {
  const args = [packageFile('@bufbuild/buf', 'bin/buf'), 'build', join(repository, 'proto'), '-o', '-#format=binpb'];
  const image = execFileSync(process.execPath, args, {maxBuffer: 16 << 20});
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
}

/** The files whose source is in proto/. */
export function ownFiles(registry: FileRegistry): DescFile[] {
  return [...registry.files].filter(file => !file.name.startsWith('google/protobuf/'));
}
