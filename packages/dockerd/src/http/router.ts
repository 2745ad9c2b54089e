import type {Route} from './route.ts';

export interface RouteMatch {
  route: Route;
  params: ReadonlyMap<string, string>;
}

type Compiled = {route: Route; pattern: RegExp; names: string[]};

/** Finds the route of a request. Routes are tried in the order given, as Docker's router does. */
export class Router {
  readonly #literal = new Map<string, Route>();
  readonly #patterns = new Map<string, Compiled[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (!route.path.includes('{')) {
        const key = `${route.method} ${route.path}`;
        if (!this.#literal.has(key)) this.#literal.set(key, route);
        continue;
      }
      const list = this.#patterns.get(route.method) ?? [];
      list.push(compile(route));
      this.#patterns.set(route.method, list);
    }
  }

  /** `path` is decoded and without a version prefix. Undefined when nothing serves it with this method. */
  find(method: string, path: string): RouteMatch | undefined {
    const literal = this.#literal.get(`${method} ${path}`);
    if (literal) return {route: literal, params: new Map()};
    for (const {route, pattern, names} of this.#patterns.get(method) ?? []) {
      const match = pattern.exec(path);
      if (match) return {route, params: new Map(names.map((name, i) => [name, match[i + 1] ?? '']))};
    }
    return undefined;
  }
}

function compile(route: Route): Compiled {
  const names: string[] = [];
  const source = route.path
    .split(/(\{\w+\})/)
    .map(part => {
      if (!part.startsWith('{')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(part.slice(1, -1));
      return '(.*)';
    })
    .join('');
  return {route, names, pattern: new RegExp(`^${source}$`)};
}
