/** How long records may be: what each end says in record_size_limit (RFC 8449). @module */
import { Either } from "../../deps.ts";
import { IllegalParameter } from "../../faults/errors/connection.ts";
import { MAX_PLAINTEXT } from "../../record/protection/protection.ts";
import type { FragmentLimits } from "../../record/records.ts";
import type { Policy } from "../../tables/policy.ts";
import type { Version } from "../../tables/versions/mod.ts";

/** The least that an end may ask for (RFC 8449 §4). */
const LEAST = 64;

/** The content type, which counts in TLS 1.3, in bytes (RFC 8449 §4). */
const TYPE: Record<Version["era"], number> = { until12: 0, tls13: 1 };

/** The limit that we say: our policy's, or the longest of the version. */
export const ourLimit = ({ recordSizeLimit }: Pick<Policy, "recordSizeLimit">, era: Version["era"]): number =>
  Math.min(recordSizeLimit ?? Infinity, MAX_PLAINTEXT + TYPE[era]);

/**
 * The most content of the records of both directions, by our policy's limit and the peer's, which stands in `subject`
 * (RFC 8449 §4).
 */
export const agreedFragments = (
  policy: Pick<Policy, "recordSizeLimit">,
  era: Version["era"],
  theirs: number,
  subject: "ClientHello" | "ServerHello" | "EncryptedExtensions",
): Either.Either<FragmentLimits, IllegalParameter> => {
  if (theirs < LEAST) {
    return Either.left(
      new IllegalParameter({
        subject,
        field: "extensions.record_size_limit",
        reason: `${theirs} is less than ${LEAST}`,
        rfc: "RFC 8449 §4",
      }),
    );
  }
  const content = (limit: number) => Math.min(limit - TYPE[era], MAX_PLAINTEXT);
  return Either.right({ read: content(ourLimit(policy, era)), write: content(theirs) });
};
