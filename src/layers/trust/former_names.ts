/** Former names. Each is removed two releases after the one that deprecates it. @module */
import type { Allowances } from "../../ports/trust.ts";
import { layer, layerBoth } from "./layers.ts";

/**
 * The former name of `layer`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `layer`.
 */
export const make: typeof layer = layer;

/**
 * The former name of `layerBoth`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `layerBoth`.
 */
export const both: typeof layerBoth = layerBoth;

/**
 * The former name of `Allowances`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `Allowances`.
 */
export type Strength = Allowances;
