/** What services and messages have in common. The messages themselves are imported one by one from `./gen/*`. */
export type * from './service.ts';
export {jsonTypeUrl, protobufTypeUrl} from './type-urls.ts';
