/**
 * `npm run package`: Debian packages of the executables in dist/bin, written to dist/packages. The same sources make the
 * same bytes when SOURCE_DATE_EPOCH is set.
 *
 *   node tools/package/main.ts [--version VERSION] [--from DIR] [--to DIR] [NAME…]
 */
import {chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {argv, env, exit, stderr} from 'node:process';
import {parseArgs} from 'node:util';
import {gzipSync} from 'node:zlib';
import {execa} from 'execa';
import {controlFile, maintainer, maintainerScripts} from './control.ts';
import {changelogFile, copyrightFile} from './documents.ts';
import {manualPage, manualPages} from './manual.ts';
import {type Package, packages} from './packages.ts';

const root = resolve(import.meta.dirname, '../..');
/** Executables that write completions of their own. */
const completed = new Set(['docker']);
/** Of the packages' documents. */
const built = env.SOURCE_DATE_EPOCH ? new Date(Number(env.SOURCE_DATE_EPOCH) * 1000) : new Date();
const architectures: Record<string, string> = {x64: 'amd64', arm64: 'arm64'};

const {values, positionals} = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: {
    version: {
      type: 'string',
      default: JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version as string,
    },
    from: {type: 'string', default: join(root, 'dist/bin')},
    to: {type: 'string', default: join(root, 'dist/packages')},
    help: {type: 'boolean', short: 'h', default: false},
  },
});
if (values.help) {
  console.log(
    `usage: node tools/package/main.ts [--version VERSION] [--from DIR] [--to DIR] [NAME…]\n\nNAME is one of ${packages.map(({name}) => name).join(', ')}; without any: all of them.`,
  );
  exit(0);
}
const wanted = positionals.length > 0 ? positionals : packages.map(({name}) => name);
for (const name of wanted) {
  const found = packages.find(each => each.name === name);
  if (!found) {
    stderr.write(`there is no package "${name}" (there are: ${packages.map(each => each.name).join(', ')})\n`);
    exit(2);
  }
  console.log(await build(found));
}

/** Makes one package; it appears whole or not at all. */
async function build(each: Package): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'longshore-package-'));
  try {
    const tree = join(work, 'tree');
    await stage(each, tree);
    const architecture = architectures[process.arch];
    if (!architecture) throw new Error(`there is no Debian name for ${process.arch}`);
    const {stdout} = await execa('du', ['-sk', '--apparent-size', tree]);
    await put(
      join(tree, 'DEBIAN/control'),
      controlFile(each, {version: values.version, architecture, installedSize: Number.parseInt(stdout, 10)}),
    );
    for (const [name, text] of Object.entries(maintainerScripts(each)))
      await put(join(tree, 'DEBIAN', name), text, 0o755);
    const conffiles = Object.keys(each.conffiles ?? {});
    if (conffiles.length > 0) await put(join(tree, 'DEBIAN/conffiles'), `${conffiles.join('\n')}\n`);
    const file = `${each.name}_${values.version}_${architecture}.deb`;
    // zstd: these are large executables, and every Debian that is supported reads it.
    await execa('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z3', '--build', tree, join(work, file)]);
    await mkdir(values.to, {recursive: true});
    await copyFile(join(work, file), join(values.to, `.${file}`));
    await rename(join(values.to, `.${file}`), join(values.to, file));
    return join(values.to, file);
  } finally {
    await rm(work, {recursive: true, force: true});
  }
}

async function stage(each: Package, tree: string): Promise<void> {
  const share = join(tree, 'usr/share');
  const documents = join(share, 'doc', each.name);
  await put(join(documents, 'copyright'), copyrightFile(built.getUTCFullYear()));
  const entry = changelogFile(each.name, values.version, maintainer, built);
  await put(join(documents, 'changelog.gz'), gzipSync(entry, {level: 9}));
  await put(join(documents, 'NEWS.gz'), gzipSync(await readFile(join(root, 'CHANGELOG.md')), {level: 9}));
  for (const [path, text] of Object.entries(each.conffiles ?? {})) await put(join(tree, path), text);
  for (const unit of each.units ?? []) await put(join(tree, 'usr/lib/systemd/system', unit), await unitFile(unit));
  for (const [script, summary] of Object.entries(each.scripts ?? {})) {
    const file = join(root, 'tools/rootless', script);
    await put(join(tree, 'usr/bin', script), await readFile(file), 0o755);
    const page = await manualPage({executable: script, path: file, section: 1, summary, version: values.version});
    await put(join(share, 'man', `${page.file}.gz`), gzipSync(page.text, {level: 9}));
  }
  if (each.executable === undefined) return;
  const from = join(values.from, each.executable);
  const to = join(tree, 'usr/bin', each.executable);
  await mkdir(dirname(to), {recursive: true});
  await copyFile(from, to);
  await chmod(to, 0o755);
  const {executable, section, summary} = each;
  for (const {file, text} of await manualPages({executable, path: from, section, summary, version: values.version})) {
    await put(join(share, 'man', `${file}.gz`), gzipSync(text, {level: 9}));
  }
  if (completed.has(executable)) await stageCompletions(executable, from, share);
}

async function stageCompletions(executable: string, path: string, share: string): Promise<void> {
  const places = {
    bash: `bash-completion/completions/${executable}`,
    zsh: `zsh/vendor-completions/_${executable}`,
    fish: `fish/vendor_completions.d/${executable}.fish`,
  };
  for (const [shell, place] of Object.entries(places)) {
    const {stdout} = await execa(path, ['completion', shell], {stdin: 'ignore'});
    await put(join(share, place), `${stdout}\n`);
  }
}

/** dockerd's package depends on containerd's, whose service it uses. */
async function unitFile(unit: string): Promise<string> {
  const text = await readFile(join(root, 'tools/systemd', `${unit}.in`), 'utf8');
  return text
    .replaceAll('@BINDIR@', '/usr/bin')
    .replaceAll('@WANTS_CONTAINERD@', ' containerd.service')
    .replaceAll('@CONTAINERD_OPTION@', ' --containerd=/run/containerd/containerd.sock')
    .replaceAll('@GROUP@', 'docker');
}

async function put(path: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), {recursive: true});
  await writeFile(path, content);
  await chmod(path, mode);
}
