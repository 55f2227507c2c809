/** Layers that give CRLs to the layers that trust roots. @module */
import { Cause, Effect, Layer, Stream } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import {
  type RevocationRequest,
  RevocationSource,
  type RevocationSourceService,
} from "../../ports/revocation.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { wordsOf } from "../../wire/words_of.ts";
import { serviceOfCrls } from "./fixed.ts";

/**
 * CRLs from a function of your own: one that fetches them, for example. It is asked for a few seconds at most, once for each
 * certificate that is judged, so it should remember what it fetched, and give the same object again. If `revision` is left
 * out, no verdict is remembered.
 *
 *     RevocationSource.layer(({ distributionPoints }) => Effect.forEach(distributionPoints, fetched));
 */
export const layer = (
  crls: RevocationSourceService["crls"],
  revision?: (() => string) | undefined,
): Layer.Layer<RevocationSource> => Layer.succeed(RevocationSource, { crls, revision });

/** CRLs that do not change: PEM text or DER, one or a list. Fails with PemError for a text, with InvalidOption for DER. */
export const layerCrls = (
  crls: string | Bytes | ReadonlyArray<string | Bytes>,
): Layer.Layer<RevocationSource, PemError | InvalidOption> =>
  Layer.effect(RevocationSource, Effect.suspend(() => serviceOfCrls(crls)));

/**
 * CRLs that are loaded again on each element of `when`. If that fails, a warning is logged and the old ones stay; the first
 * load must succeed. New handshakes use the new ones, and sessions made before are no longer resumed.
 */
export const layerReloading = <E, R, R2 = never>(
  load: Effect.Effect<string | Bytes | ReadonlyArray<string | Bytes>, E, R>,
  when: Stream.Stream<unknown, never, R2>,
): Layer.Layer<RevocationSource, E | PemError | InvalidOption, R | R2> =>
  Layer.scoped(
    RevocationSource,
    Effect.gen(function* () {
      const made = Effect.flatMap(load, serviceOfCrls);
      let service = yield* made;
      const again = made.pipe(
        Effect.map((next) => void (service = next)),
        Effect.catchAllCause((cause) =>
          Cause.isInterrupted(cause)
            ? Effect.interrupt
            : Effect.logWarning(`CRLs: ${wordsOf(Cause.squash(cause))}; the old ones stay`)
        ),
      );
      yield* Effect.forkScoped(Stream.runForEach(when, () => again));
      return {
        crls: (about: RevocationRequest) => Effect.suspend(() => service.crls(about)),
        revision: () => service.revision(),
      };
    }),
  );
