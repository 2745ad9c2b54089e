/**
 * The Engine API's definition (Swagger 2.0) as validators of answers. Stricter than the definition says: where it lists
 * the properties of an object, others are reported, and only what it marks as nullable may be null.
 */
import {readFileSync} from 'node:fs';
import {Ajv, type ErrorObject, type ValidateFunction} from 'ajv';
import {parse} from 'yaml';

interface SwaggerSchema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  items?: SwaggerSchema;
  properties?: Record<string, SwaggerSchema>;
  additionalProperties?: boolean | SwaggerSchema;
  required?: string[];
  allOf?: SwaggerSchema[];
  'x-nullable'?: boolean;
}

interface Operation {
  tags?: string[];
  responses: Record<string, {schema?: SwaggerSchema}>;
}

interface Document {
  definitions: Record<string, SwaggerSchema>;
  paths: Record<string, Record<string, Operation>>;
}

/** A method and path of the definition. */
export interface Route {
  /** As in the definition: `GET /containers/{id}/json`. */
  name: string;
  tags: string[];
  /** Statuses that the definition lists. */
  statuses: number[];
  /** Whether an answer of this status has a JSON body of a known type. */
  hasBody: (status: number) => boolean;
  /** What is wrong with an answer's JSON body: `HostConfig.Links: must be array`; nothing when there is no schema. */
  problems: (status: number, body: unknown) => string[];
}

type JsonSchema = Record<string, unknown>;

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Reads the definition and gives a function that finds the route of a request; the path is without version and query. */
export function loadSwagger(file: string): {
  routes: Route[];
  find: (method: string, path: string) => Route | undefined;
} {
  const document = parse(readFileSync(file, 'utf8')) as Document;
  const formats = {'date-time': dateTime, dateTime};
  const ajv = new Ajv({allErrors: true, verbose: true, strict: false, logger: false, formats});
  const definitions = mapValues(document.definitions, schema => convert(schema, document));
  ajv.addSchema({$id: 'engine', definitions});
  const found = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...{method: method.toUpperCase(), pattern: patternOf(path), parameters: path.split('{').length},
      route: makeRoute(ajv, document, `${method.toUpperCase()} ${path}`, operation),
    })),
  );
  // `/images/json` before `/images/{name}/json`.
  found.sort((a, b) => a.parameters - b.parameters);
  const find = (method: string, path: string) =>
    found.find(each => each.method === method && each.pattern.test(path))?.route;
  return {routes: found.map(({route}) => route), find};
}

/** Names of images and plugins contain slashes. */
const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/\{\w+\}/g, '.+')}$`);

function makeRoute(ajv: Ajv, document: Document, name: string, {tags = [], responses}: Operation): Route {
  const validators = new Map<number, ValidateFunction>();
  for (const [status, {schema}] of Object.entries(responses)) {
    // A schema of texts describes what is not JSON: logs and the like.
    if (schema && schema.type !== 'string') validators.set(Number(status), ajv.compile(convert(schema, document)));
  }
  const errors: ValidateFunction = ajv.compile({$ref: 'engine#/definitions/ErrorResponse'});
  const problems = (status: number, body: unknown) => {
    const validate = validators.get(status) ?? (status >= 400 ? errors : undefined);
    if (!validate || validate(body)) return [];
    return [...new Set((validate.errors ?? []).filter(({keyword}) => keyword !== 'if').map(describe))];
  };
  const statuses = Object.keys(responses).map(Number);
  return {name, tags, statuses, problems, hasBody: status => validators.has(status)};
}

/** A schema of Swagger as one of JSON Schema. */
function convert(schema: SwaggerSchema, document: Document): JsonSchema {
  const converted = convertBare(schema, document);
  if (!schema['x-nullable']) return converted;
  // Not `anyOf`: its errors would be those of both sides.
  return {if: {type: 'null'}, else: converted};
}

function convertBare(schema: SwaggerSchema, document: Document): JsonSchema {
  if (schema.$ref) return {$ref: `engine${schema.$ref}`};
  if (schema.allOf) return convertBare(merge(schema.allOf, document), document);
  const {type, format, items, properties, additionalProperties, required} = schema;
  return {
    ...(type ? {type} : {}),
    ...(format && type === 'string' ? {format} : {}),
    ...(schema.enum ? {enum: schema.enum} : {}),
    ...(required ? {required} : {}),
    ...(items ? {items: convert(items, document)} : {}),
    ...(properties ? {properties: mapValues(properties, inner => convert(inner, document))} : {}),
    ...(typeof additionalProperties === 'object'
      ? {additionalProperties: convert(additionalProperties, document)}
      : properties && additionalProperties === undefined
        ? {additionalProperties: false}
        : {}),
  };
}

/** One object with the properties of all: each alone would refuse those of the others. */
function merge(parts: SwaggerSchema[], document: Document): SwaggerSchema {
  const resolved = parts.map(part => {
    const target = part.$ref ? document.definitions[part.$ref.replace('#/definitions/', '')] : part;
    if (!target) throw new Error(`no definition of ${part.$ref}`);
    return target.allOf ? merge(target.allOf, document) : target;
  });
  const [first] = resolved;
  if (first && resolved.length === 1) return first;
  return {
    type: 'object',
    properties: Object.assign({}, ...resolved.map(({properties}) => properties)),
    required: resolved.flatMap(({required = []}) => required),
  };
}

/** An error as `place: what`, the same for all elements of a list and all ids. */
function describe({instancePath, keyword, params, message, data}: ErrorObject): string {
  const place = instancePath
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map(part => (/^\d+$/.test(part) ? '[]' : /^[0-9a-f]{12,}$|[/:]/.test(part) ? '*' : part))
    .join('.')
    .replaceAll('.[]', '[]');
  if (keyword === 'additionalProperties') return `${place}: unknown key ${params.additionalProperty}`;
  if (keyword === 'required') return `${place}: ${params.missingProperty} is missing`;
  if (keyword === 'enum') return `${place}: ${JSON.stringify(data)} is none of the values`;
  return `${place}: ${data === null ? 'null, ' : ''}${message}`;
}

function mapValues<A, B>(object: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
