/** Former names. Each is removed two releases after the one that deprecates it. @module */
import { layerSelfSigned } from "./authority.ts";
import { layer, layerNone, layerPem, layerReloading } from "./credentials.ts";
import { layerFiles } from "./files.ts";

/**
 * The former name of `layer`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `layer`.
 */
export const make: typeof layer = layer;

/**
 * The former name of `layerPem`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `layerPem`.
 */
export const fromPem: typeof layerPem = layerPem;

/**
 * The former name of `layerFiles`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `layerFiles`.
 */
export const fromFiles: typeof layerFiles = layerFiles;

/**
 * The former name of `layerSelfSigned`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `layerSelfSigned`.
 */
export const selfSigned: typeof layerSelfSigned = layerSelfSigned;

/**
 * The former name of `layerReloading`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `layerReloading`.
 */
export const reloading: typeof layerReloading = layerReloading;

/**
 * The former name of `layerNone`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `layerNone`.
 */
export const none: typeof layerNone = layerNone;
