/**
 * Fails when a package imports what its level may not: `node tools/check-layers.ts`. Levels are the nx tags of each
 * package.json (`level:0` to `level:4`); an import must go to a lower level, by the package's name, and must be
 * declared as a dependency. Executables never import executables, but for the shim's use of runc-wrapper's library.
 */
import {existsSync, globSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';

type Package = {name: string; dir: string; level: number; dependencies: Set<string>};

const root = resolve(import.meta.dirname, '..');
const allowedAcross = new Set(['@longshore/containerd-shim -> @longshore/runc-wrapper']);
const importPattern =
  /(?:^|[\s;])(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm;

/** Tests and what only they use; none of it ends up in an executable. */
const testFile = /(\.test|\.testing|\.test-helper|\bfixture|-contract)\.ts$|\btest-support\b/;

const packages = loadPackages();
const breaches = [...packages.values()].flatMap(checkPackage);
for (const breach of breaches) console.error(breach);
if (breaches.length > 0) process.exit(1);
console.log(`layers: ${packages.size} packages, no breach`);

function loadPackages(): Map<string, Package> {
  const found = new Map<string, Package>();
  for (const file of globSync('packages/*/package.json', {cwd: root}).sort()) {
    const json = JSON.parse(readFileSync(join(root, file), 'utf8'));
    const tag = (json.nx?.tags ?? []).find((t: string) => t.startsWith('level:'));
    if (!tag) throw new Error(`${file}: no nx tag "level:N"`);
    const dependencies = new Set(Object.keys({...json.dependencies, ...json.optionalDependencies}));
    found.set(json.name, {name: json.name, dir: join(root, file, '..'), level: Number(tag.slice(6)), dependencies});
  }
  return found;
}

function checkPackage(from: Package): string[] {
  const files = globSync('src/**/*.ts', {cwd: from.dir}).filter(file => !file.startsWith('src/gen/'));
  return files.flatMap(file =>
    importsOf(join(from.dir, file)).flatMap(specifier => {
      const breach = checkImport(from, file, specifier);
      return breach ? [`${from.name}: ${file} imports "${specifier}": ${breach}`] : [];
    }),
  );
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(importPattern)].map(match => match[1] ?? match[2] ?? match[3] ?? '');
}

function checkImport(from: Package, file: string, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  if (specifier.startsWith('.')) return checkRelative(from, file, specifier);
  if (/^bun(:|$)/.test(specifier)) return 'the source is plain Node; Bun only compiles it';
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (name === from.name) return undefined;
  const isTest = testFile.test(file);
  if (name === 'ava' && isTest) return undefined;
  if (!from.dependencies.has(name) && !isTest) return `"${name}" is not among its dependencies`;
  const to = packages.get(name);
  if (!to || allowedAcross.has(`${from.name} -> ${to.name}`)) return undefined;
  if (to.level >= from.level && !(from.level === 0)) return `level ${from.level} may not import level ${to.level}`;
  return undefined;
}

function checkRelative(from: Package, file: string, specifier: string): string | undefined {
  const target = resolve(from.dir, file, '..', specifier);
  if (!target.startsWith(`${from.dir}/`)) return 'a relative import may not leave the package';
  if (target.includes('/src/gen/')) return undefined;
  return existsSync(target) ? undefined : 'no such file (write the ending .ts)';
}
