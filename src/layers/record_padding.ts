/** Padding by a rule of one's own. @module */
import { Layer } from "../deps.ts";
import { type Padding, RecordPadding } from "../ports/record_padding.ts";

/** Pads records of TLS 1.3 by a function, such as one that adds a random number of zeros. */
export const layerBy = (padding: Padding): Layer.Layer<never> =>
  Layer.succeed(RecordPadding, padding) as Layer.Layer<never>;
