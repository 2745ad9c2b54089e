/** GET /images/json */
import type {CallContext} from '@longshore/base';
import {parseFilters} from '../../core/filters/filters.ts';
import type {CatalogImage} from '../../core/images/catalog.ts';
import type {Images} from '../../core/images/images.ts';
import {listFilter} from '../../core/images/list-filter.ts';
import {sharedSizes} from '../../core/images/sizes.ts';
import {formatNano} from '../../core/time.ts';
import type {Route} from '../route.ts';
import {parseUntil} from '../until-filter.ts';
import {type SummaryFacts, summaryToJson} from './convert.ts';

export function listRoute(images: Images): Route {
  return {
    method: 'GET',
    path: '/images/json',
    job: 'images',
    async handle({ctx, query, version}, reply) {
      const createdOf = async (each: CallContext, reference: string) =>
        (await images.describe(each, reference)).parts.config.created ?? '';
      const filters = parseFilters(query.text('filters'));
      const filter = await listFilter(ctx, filters, createdOf, text => formatNano(parseUntil(text)));
      const chosen = (await images.list(ctx)).flatMap(image => {
        const records = filter.names(image);
        return records ? [{...image, records}] : [];
      });
      const facts = await Promise.all(chosen.map(image => factsOf(ctx, images, image)));
      const matching = facts.filter(({parts}) => filter.matches(parts));
      const shared = query.bool('shared-size') ? sharedSizes(matching.map(({usage}) => usage)) : undefined;
      const summaries = matching.map((each, i) =>
        summaryToJson({...each, sharedSize: shared?.[i] ?? -1}, version, {manifests: query.bool('manifests')}),
      );
      reply.json(
        200,
        summaries.sort((a, b) => b.Created - a.Created),
      );
    },
  };
}

/** What a summary of an image is made from. */
export async function factsOf(ctx: CallContext, images: Images, image: CatalogImage): Promise<SummaryFacts> {
  const usage = await images.usage(ctx, image);
  return {
    id: image.id,
    target: image.target,
    records: image.records,
    parts: images.bestParts(usage),
    usage,
    sharedSize: -1,
    containers: images.containersOf(image.id),
  };
}
