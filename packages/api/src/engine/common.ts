/** Shapes that several areas of the API share. */

/** A request body: any key may be absent or null, at the first level. Nested objects say so themselves. */
export type Loose<T> = {[K in keyof T]?: T[K] | null};

/** Every answer with a status of 400 or more. */
export interface ErrorResponse {
  message: string;
}

/** Answer of exec create and commit. */
export interface IdResponse {
  Id: string;
}

/** The `filters` query parameter after JSON decoding: `{label: ['a=b']}`. Old clients send `{label: {'a=b': true}}`. */
export type Filters = Record<string, string[] | Record<string, boolean>>;

/** Where a graph driver or snapshotter keeps a layer; null data with the containerd store. */
export interface DriverData {
  Data: Record<string, string> | null;
  Name: string;
}

/** Registry credentials: body of POST /auth, and (base64url JSON) the X-Registry-Auth header. */
export interface AuthConfig {
  username?: string;
  password?: string;
  /** base64 of `username:password`; wins over the two. */
  auth?: string;
  email?: string;
  serveraddress?: string;
  /** A refresh token in place of a password. */
  identitytoken?: string;
  /** A bearer token to send as it is. */
  registrytoken?: string;
}

/** X-Registry-Config header of a build: by registry host. */
export type AuthConfigs = Record<string, AuthConfig>;

/** Answer of POST /auth. */
export interface AuthResponse {
  Status: string;
  IdentityToken?: string;
}
